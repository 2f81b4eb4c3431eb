"""Keeps this machine's dense index equal to a catalogue that other processes change as well."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from rag.catalog import Catalog, Change
from rag.errors import CatalogUnavailable, LibraryError
from rag.index import ChromaIndex, Hits
from rag.index_keeper import IndexKeeper, Progress
from rag.vectors import Matrix

_log = logging.getLogger(__name__)


class FollowingKeeper(IndexKeeper):
    """Follows the changes that the catalogue notes under its generations, before each search.

    Numbers of passages do not tell what is new: of two documents that are stored at once, the one with the
    lower numbers may come last. An index that is too far behind, or of another embedder, is made again.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Answer by exact scan until `open` is called."""
        super().__init__(catalog)
        self._at = 0

    def search(self, vector: Matrix, k: int) -> Hits:
        """Return the `k` nearest passages as (id, cosine), best first."""
        if self._chroma is not None and self._mutex.acquire(blocking=False):  # else another thread is at it
            try:
                self._follow_others()
            finally:
                self._mutex.release()
        return super().search(vector, k)

    def apply(self, change: Change) -> None:
        """Follow a change of this process's own, and what others changed before it."""
        with self._mutex, suppress(CatalogUnavailable):  # the change is stored: the next search follows it
            self._follow_others()

    def _follow_others(self) -> None:
        index = self._chroma
        if index is None:
            return
        try:
            with self._catalog.snapshot():
                if self._catalog.generation > self._at:
                    self._take_news(index)
        except CatalogUnavailable:
            raise
        except Exception as error:  # the catalogue has the truth, so none may be fatal
            self._give_up(index, error)

    def _take_news(self, index: ChromaIndex) -> None:
        news = self._catalog.news(self._at)
        if news is None:
            raise LibraryError("it is too far behind the catalogue")
        index.remove(news.removed)
        self._deleted += len(news.removed)
        self._fill(index, news.added)
        self._at = news.generation

    def _reopened(self) -> ChromaIndex | None:
        return self._as_it_is(super()._reopened)

    def _rebuilt(self, progress: Progress | None) -> ChromaIndex | None:
        return self._as_it_is(lambda: super(FollowingKeeper, self)._rebuilt(progress))

    def _as_it_is(self, opened: Callable[[], ChromaIndex | None]) -> ChromaIndex | None:
        """Let an index be opened or made from the catalogue as it is now, whatever changes meanwhile."""
        with self._catalog.snapshot():
            at = self._catalog.generation
            index = opened()
            self._at = at
            return index

    def _catch_up(self, index: ChromaIndex, last: int | None, n_passages: int) -> None:
        self._at = self._records.read()["generation"]
        self._take_news(index)

    def _stands_at(self) -> tuple[int, int | None]:
        return self._at, None
