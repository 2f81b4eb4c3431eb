"""Dense search among the passages of some documents only."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rag.catalog import Catalog
from rag.dense.index import Hits
from rag.vectors import Matrix

FEW = 5000
"""Passages up to which all of them are compared; where there are more, the index is asked."""

_WIDER = 4
"""Times more that the index is asked for, while too few of what it finds are among the passages."""

_HELD = 8
"""Scopes of which the passages are remembered."""


class ScopedSearch:
    """Finds the nearest passages of chosen documents, whichever index answers. Safe for threads."""

    def __init__(self, catalog: Catalog, nearest: Callable[[Matrix, int], Hits]) -> None:
        """Remember nothing yet; `nearest` finds so many of all passages."""
        self._catalog = catalog
        self._nearest = nearest
        self._lock = threading.Lock()
        self._held: dict[tuple[int, frozenset[str]], frozenset[str]] = {}

    def search(self, vector: Matrix, k: int, within: frozenset[str]) -> Hits:
        """Return the `k` passages nearest to a unit vector as (id, cosine), best first.

        Args:
            vector: shape (dimensions,).
            k: how many; fewer come only where the documents have no more.
            within: ids of the documents.
        """
        among = self._among(within)
        if len(among) <= FEW:
            return self._compared(vector, k, among)
        asked = k
        while True:
            hits = self._nearest(vector, asked)
            kept = [hit for hit in hits if hit[0] in among]
            if len(kept) >= k or len(hits) < asked:
                return kept[:k]
            asked *= _WIDER

    def _compared(self, vector: Matrix, k: int, among: frozenset[str]) -> Hits:
        if not among:
            return []
        ids, vectors = self._catalog.vectors(sorted(among))
        return sorted(zip(ids, map(float, vectors @ vector), strict=True), key=lambda hit: -hit[1])[:k]

    def _among(self, within: frozenset[str]) -> frozenset[str]:
        key = (self._catalog.generation, within)
        with self._lock:
            if key in self._held:
                return self._held[key]
        found = frozenset(self._catalog.passage_ids_of(within))
        with self._lock:
            while len(self._held) >= _HELD:
                del self._held[next(iter(self._held))]
            self._held[key] = found
        return found
