"""Keeps this machine's dense index equal to a catalogue that other processes change as well."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from rag.catalog import Catalog, Change
from rag.dense.index import ChromaIndex, Hits
from rag.dense.index_keeper import IndexKeeper
from rag.dense.index_making import IndexMaker
from rag.errors import CatalogUnavailable, LibraryError
from rag.progress import Tick
from rag.vectors import Matrix


class FollowingKeeper(IndexKeeper):
    """Follows the changes that the catalogue notes under its generations, before each search."""

    def __init__(self, catalog: Catalog) -> None:
        """Answer by exact scan until `open` is called."""
        self._follower = FollowingMaker(catalog)
        super().__init__(catalog, self._follower)

    def begin(self, vector: Matrix, k: int) -> Callable[[], Hits]:
        """Begin to search; what is returned waits for the `k` nearest passages, best first."""
        if self._chroma is not None and self._mutex.acquire(blocking=False):  # else another thread is at it
            try:
                self._follow_others()
            finally:
                self._mutex.release()
        return super().begin(vector, k)

    def apply(self, change: Change) -> None:
        """Follow a change of this process's own, and what others changed before it."""
        with self._mutex, suppress(CatalogUnavailable):  # the change is stored: the next search follows it
            self._follow_others()

    def _follow_others(self) -> None:
        index = self._chroma
        if index is None:
            return
        try:
            self._follower.follow_others(index)
        except CatalogUnavailable:
            raise
        except Exception as error:  # the catalogue has the truth, so none may be fatal
            self._give_up(index, error)


class FollowingMaker(IndexMaker):
    """Brings an index up to the catalogue by what that notes of its changes.

    Numbers of passages do not tell what is new: of two documents that are stored at once, the one with the
    lower numbers may come last. An index that is too far behind, or of another embedder, is made again.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Touch nothing yet."""
        super().__init__(catalog)
        self._at = 0

    def follow_others(self, index: ChromaIndex) -> None:
        """Bring an index up to the catalogue, where that has changed.

        Raises:
            LibraryError: the index is too far behind.
        """
        with self._catalog.snapshot():
            if self._catalog.generation > self._at:
                self._take_news(index)

    def reopened(self) -> ChromaIndex | None:
        """Return the index that was closed cleanly, brought up to the catalogue, or None."""
        return self._as_it_is(super().reopened)

    def remade(self, progress: Tick | None) -> ChromaIndex | None:
        """Make a new index from the catalogue's vectors in a new folder, and delete the others."""
        return self._as_it_is(lambda: super(FollowingMaker, self).remade(progress))

    def _as_it_is(self, opened: Callable[[], ChromaIndex | None]) -> ChromaIndex | None:
        """Let an index be opened or made from the catalogue as it is now, whatever changes meanwhile."""
        with self._catalog.snapshot():
            at = self._catalog.generation
            index = opened()
            self._at = at
            return index

    def _take_news(self, index: ChromaIndex) -> None:
        news = self._catalog.news(self._at)
        if news is None:
            raise LibraryError("it is too far behind the catalogue")
        index.remove(news.removed)
        self.deleted += len(news.removed)
        self._fill(index, news.added)
        self._at = news.generation

    def _catch_up(self, index: ChromaIndex, last: int | None, n_passages: int) -> None:
        self._at = self.records.read()["generation"]
        self._take_news(index)

    def _stands_at(self) -> tuple[int, int | None]:
        return self._at, None
