"""What the catalogue answers where an index does not, or not yet, and how much is too much for that."""

from __future__ import annotations

import threading

import numpy as np

from rag.catalog import Catalog
from rag.dense.index import Hits
from rag.errors import IndexDamaged, IndexUnavailable
from rag.vectors import Matrix

MOST_BYTES = 200_000 * 384 * 4
"""Bytes of vectors that are held in memory and compared at most: 200,000 passages of 384 dimensions."""

MAKE = "wait for the process that makes it, or run 'footnote check --repair'"

_AT_ONCE = 4000


def require_room(catalog: Catalog, dimensions: int, trouble: IndexUnavailable | IndexDamaged | None) -> None:
    """Make sure that a library can be compared as a whole.

    Raises:
        IndexUnavailable: it is too large, and its index is not to be had, or not made yet.
        IndexDamaged: it is too large, and its index is lost.
    """
    most = MOST_BYTES // (4 * dimensions)
    n_passages = catalog.n_passages
    if n_passages <= most:
        return
    why = f"; of {n_passages} passages no more than {most} can be compared without it"
    if trouble is None:
        raise IndexUnavailable(f"the index on the Chroma server is not made yet{why}", advice=MAKE)
    raise type(trouble)(f"{trouble.what}{why}", advice=trouble.advice)


class Gap:
    """The passages that are not in the index yet, compared one by one. Safe for threads."""

    def __init__(self, catalog: Catalog) -> None:
        """Read nothing yet."""
        self._catalog = catalog
        self._lock = threading.Lock()
        self._held: tuple[tuple[int, int], list[str], Matrix] | None = None

    def search(self, sure: int, vector: Matrix, k: int) -> Hits:
        """Return the `k` nearest of the passages numbered above `sure`, best first.

        Raises:
            IndexUnavailable: there are too many of them.
        """
        with self._lock:
            key = (self._catalog.generation, sure)
            if self._held is None or self._held[0] != key:
                ids = self._catalog.passage_ids(after=sure)
                if len(ids) * 4 * len(vector) > MOST_BYTES:
                    what = f"{len(ids)} passages are not in the index on the Chroma server yet"
                    raise IndexUnavailable(what, advice=MAKE)
                parts = [
                    self._catalog.vectors(ids[at : at + _AT_ONCE]) for at in range(0, len(ids), _AT_ONCE)
                ]
                ids = [each for part, _ in parts for each in part]
                self._held = key, ids, np.concatenate([v for _, v in parts]) if ids else vector[:0]
            _, ids, matrix = self._held
        cosines = matrix @ vector if ids else ()
        return sorted(zip(ids, map(float, cosines), strict=True), key=lambda hit: -hit[1])[:k]
