"""Looks at the vectors, and at the dense index made from them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa

from rag.catalog import Catalog
from rag.checking.finding import BY_ITSELF, Finding, Progress
from rag.index import ChromaIndex, Hits
from rag.index_keeper import MAX_DELETED_SHARE
from rag.index_records import IndexRecords
from rag.library import Library
from rag.tables import passages, vectors
from rag.vectors import Matrix

ALL_UP_TO = 20_000
"""Passages up to which each is searched by its own vector; above, a sample of as many."""

NEAREST = 10
"""Passages among which each must find itself; others that say the same may stand before it."""

_SAME = 1e-3
"""How far a cosine may be from that of a vector with itself: what float32 and the index may cost."""

UNIT = 1e-2
_AT_ONCE = 500


def look_at_vectors(catalog: Catalog) -> list[Finding]:
    """Return whether each passage has one vector of the right kind."""
    lacking = sa.select(sa.func.count()).where(passages.c.n.not_in(sa.select(vectors.c.n)))
    strange = (
        sa.select(sa.func.count())
        .select_from(vectors.join(passages, passages.c.n == vectors.c.n))
        .where(passages.c.id != vectors.c.id)
    )
    lengths = sa.select(sa.func.length(vectors.c.vector)).distinct()
    with catalog.transaction(write=False) as connection:
        n_lacking = connection.scalar(lacking) or 0
        n_strange = connection.scalar(strange) or 0
        n_lengths = len(connection.execute(lengths).all())
    n_bad = 0
    if n_lengths == 1:
        norms = np.linalg.norm(catalog.vectors()[1], axis=1)
        n_bad = int(np.sum(~(np.abs(norms - 1.0) < UNIT)))
    advice = "run 'footnote reindex --again'"
    wrong = [
        (n_lacking, f"{n_lacking} passages have no vector"),
        (n_strange, f"{n_strange} vectors are of other passages than they say"),
        (n_lengths > 1, "the vectors are not all of one length"),
        (n_bad, f"{n_bad} vectors are not of unit length"),
    ]
    return [Finding("vectors", what, advice) for is_wrong, what in wrong if is_wrong]


def look_at_index(library: Library, progress: Progress) -> list[Finding]:
    """Return what is wrong with the dense index; one that is yet to be made is not wrong."""
    progress("opening the index", 0, 0)
    library.close_index()
    state = IndexRecords(library.catalog).read()
    if "clean" not in state or not len(library):
        return []
    if not state["clean"]:
        return [_finding("its last writer was stopped before it closed it")]
    if not (library.path / state["folder"]).is_dir():
        return [_finding(f"its folder {state['folder']} is gone")]
    if state["deleted"] > MAX_DELETED_SHARE * len(library):
        return []  # it is made again at the next opening, as it should be
    index = library.reopen_index()
    if index is None:
        return [_finding(f"its files in {state['folder']} are damaged")]
    return _compared(library.catalog, index, progress)


def _compared(catalog: Catalog, index: ChromaIndex, progress: Progress) -> list[Finding]:
    ids, matrix = catalog.vectors()
    have, want = index.ids(), set(ids)
    found = []
    if want - have:
        found.append(_finding(f"{len(want - have)} passages are not in it"))
    if have - want:
        found.append(_finding(f"it holds {len(have - want)} passages that the library does not have"))
    if lost := _lost(index, ids, matrix, progress):
        found.append(_finding(f"{lost} passages do not find themselves by their vectors"))
    return found


def _lost(index: ChromaIndex, ids: Sequence[str], matrix: Matrix, progress: Progress) -> int:
    """Return how many passages are not among the nearest to their own vectors."""
    places = range(len(ids))
    sample = (
        list(places) if len(ids) <= ALL_UP_TO else sorted(random.Random(len(ids)).sample(places, ALL_UP_TO))  # noqa: S311 - no secret
    )
    lost = 0
    for at in range(0, len(sample), _AT_ONCE):
        progress("searching each passage by its vector", at, len(sample))
        chosen = sample[at : at + _AT_ONCE]
        hits = index.search_many(matrix[chosen], NEAREST)
        lost += sum(not finds_itself(ids[i], each) for i, each in zip(chosen, hits, strict=True))
    return lost


def finds_itself(passage_id: str, hits: Hits) -> bool:
    """Return whether a passage is among the hits for its own vector, or all of them say the same as it."""
    return any(i == passage_id for i, _ in hits) or (
        len(hits) == NEAREST and min(cosine for _, cosine in hits) > 1 - _SAME
    )


def _finding(what: str) -> Finding:
    return Finding("index", what, BY_ITSELF, "index")
