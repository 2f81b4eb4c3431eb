"""Whether passages find themselves in an index by their own vectors: what shows that it lost none."""

from __future__ import annotations

import random
from collections.abc import Sequence

from rag.dense.index import CollectionIndex, Hits
from rag.progress import Tick
from rag.vectors import Matrix

NEAREST = 10
"""Passages among which each must find itself; others that say the same may stand before it."""

_SAME = 1e-3
"""How far a cosine may be from that of a vector with itself: what float32 and the index may cost."""

_AT_ONCE = 500


def some_of(ids: Sequence[object], most: int) -> list[int]:
    """Return the places of `most` ids drawn by their number, or of all."""
    places = range(len(ids))
    return list(places) if len(ids) <= most else sorted(random.Random(len(ids)).sample(places, most))  # noqa: S311 - no secret


def lost(
    index: CollectionIndex,
    ids: Sequence[str],
    matrix: Matrix,
    progress: Tick = lambda *_: None,
) -> list[str]:
    """Return the ids that are not among the nearest to their own vectors; shape (n, dimensions)."""
    found = []
    for at in range(0, len(ids), _AT_ONCE):
        progress(at, len(ids))
        hits = index.search_many(matrix[at : at + _AT_ONCE], NEAREST)
        chosen = ids[at : at + _AT_ONCE]
        found += [i for i, each in zip(chosen, hits, strict=True) if not finds_itself(i, each)]
    return found


def finds_itself(passage_id: str, hits: Hits) -> bool:
    """Return whether a passage is among the hits for its own vector, or all of them say the same as it."""
    return any(i == passage_id for i, _ in hits) or (
        len(hits) == NEAREST and min(cosine for _, cosine in hits) > 1 - _SAME
    )
