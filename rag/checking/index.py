"""Looks at the vectors, and at the dense index made from them."""

from __future__ import annotations

import numpy as np
import sqlalchemy as sa

from rag.catalog import Catalog
from rag.checking.finding import BY_ITSELF, Finding
from rag.dense.index import CollectionIndex
from rag.dense.self_finding import lost, some_of
from rag.errors import IndexDamaged, IndexUnavailable
from rag.library import Library
from rag.progress import Progress
from rag.storage.tables import passages, vectors

ALL_UP_TO = 20_000
"""Passages up to which each is searched by its own vector; above, a sample of as many."""

UNIT = 1e-2


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
    if not len(library):
        return []
    up_to = library.catalog.last_number
    try:
        index = library.inspect_index()
        return [] if index is None else _compared(library, index, up_to, progress)
    except IndexDamaged as error:
        return [_finding(error.what)]
    except IndexUnavailable as error:
        return [Finding("index", error.what, error.advice)]


def _compared(library: Library, index: CollectionIndex, up_to: int, progress: Progress) -> list[Finding]:
    """Return how an index that holds the passages up to a number differs from the catalogue.

    Where others write meanwhile, later passages need not be in it yet, and removed ones not be gone.
    """
    progress("listing what the index holds", 0, 0)
    have = index.ids()
    ids, matrix = library.catalog.vectors()
    want = set(ids).difference(library.catalog.passage_ids(after=up_to))
    found = []
    if lacking := library.catalog.present(index.lacking(sorted(want - have))):
        found.append(_finding(f"{len(lacking)} passages are not in it"))
    if strange := _strangers(library, have.difference(ids)):
        found.append(_finding(f"it holds {len(strange)} passages that the library does not have"))
    places = [place for place, each in enumerate(ids) if each in want]
    chosen = [places[i] for i in some_of(places, ALL_UP_TO)]
    searched = lost(
        index,
        [ids[i] for i in chosen],
        matrix[chosen],
        lambda *n: progress("searching each passage by its vector", *n),
    )
    if still := library.catalog.present(searched):
        found.append(_finding(f"{len(still)} passages do not find themselves by their vectors"))
    return found


def _strangers(library: Library, seen: set[str]) -> set[str]:
    """Return those of the ids that are in the index for good; what others just removed goes from it."""
    if not (seen and library.catalog.shared):
        return seen
    index = library.inspect_index()
    return seen & index.ids() if index is not None else set()


def _finding(what: str) -> Finding:
    return Finding("index", what, BY_ITSELF, "index")
