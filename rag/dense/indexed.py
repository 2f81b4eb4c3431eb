"""A catalogue with its dense index, and the right of one process at a time to change them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from rag.catalog import Catalog
from rag.dense.index import CollectionIndex, Hits
from rag.dense.keepers import keeper_of
from rag.dense.scoped import ScopedSearch
from rag.errors import LibraryInUse
from rag.progress import Tick
from rag.settings import Settings
from rag.storage.lock import WriterLock
from rag.vectors import Matrix


class Indexed:
    """What every `Library` stands on: the catalogue, the index that follows it, and the writer's lock."""

    def __init__(self, catalog: Catalog, settings: Settings | None = None) -> None:
        """Wrap an open catalogue. The settings say where the dense index is."""
        self.path = catalog.folder
        self.catalog = catalog
        self._mutex = threading.RLock()
        self._lock = WriterLock(self.path)
        self._has_index_here = settings is None or settings.chroma is None
        self._index = keeper_of(catalog, settings, self._may_write)
        self._scoped = ScopedSearch(catalog, self.search_dense)

    @property
    def read_only(self) -> bool:
        """Whether this user may only read it: the exact scan answers, and nothing can be added."""
        return self.catalog.read_only

    def lock(self, purpose: str = "") -> None:
        """Become a writer of this library until `close`: on SQLite the one writer.

        On PostgreSQL several write at once. The lock of the folder is then for what is of this machine alone,
        such as the dense index, and a process that does not get it does without.

        Raises:
            LibraryInUse: another process holds it; the message names that process.
            StorageError: this user may only read it.
        """
        with self._mutex:
            if self.read_only:
                raise self.catalog.refusal()
            if self._lock.held:
                return
            try:
                self._lock.acquire(purpose)
            except LibraryInUse:
                if not self.catalog.shared:
                    raise
                return
            try:
                self.catalog.unseal()
            except BaseException:
                self._lock.release()
                raise

    def search_dense(self, vector: Matrix, k: int, within: frozenset[str] | None = None) -> Hits:
        """Return the `k` passages nearest to a unit vector as (id, cosine), best first.

        With `within`, only passages of the documents with these ids are looked at.

        Raises:
            IndexUnavailable, IndexDamaged: the Chroma server fails, and the library is too large without it.
        """
        return self.begin_dense(vector, k, within)()

    def begin_dense(self, vector: Matrix, k: int, within: frozenset[str] | None = None) -> Callable[[], Hits]:
        """Begin to search by vectors; what is returned waits for what `search_dense` returns, or raises.

        Chroma searches beside what this thread does until then.
        """
        if within is None:
            return self._index.begin(vector, k)
        return partial(self._scoped.search, vector, k, within)

    def open_index(self, progress: Tick | None = None) -> None:
        """Open the index and bring it up to the catalogue; an exact scan answers until that is done.

        One on a server that is there is only read, by any number of processes. Where the library may only be
        read, and the index is in its folder, the scan goes on to answer: Chroma writes wherever it is opened.

        Raises:
            LibraryInUse: another process holds the library.
        """
        if not self._lock.held and (self._index.attach() or self.read_only):
            return
        self.lock()
        if self._lock.held or not self._has_index_here:
            self._index.open(progress)

    def rebuild_index(self, progress: Tick | None = None) -> None:
        """Make the index again from the catalogue, whatever state it is in.

        Raises:
            LibraryInUse: another process holds the library.
            IndexUnavailable: the Chroma server does not answer.
        """
        with self._mutex:
            self.lock()
            self._keep_index()
            self._index.rebuild(progress)

    def inspect_index(self) -> CollectionIndex | None:
        """Return the index as its last writer left it; None where it is yet to be made.

        Raises:
            LibraryInUse: another process holds the library.
            IndexDamaged: it has to be made again.
            IndexUnavailable: the Chroma server does not answer.
        """
        self.lock()
        self._keep_index()
        return self._index.inspect()

    def told_of_index(self) -> str:
        """Return in words where the index is, and how large."""
        return self._index.told()

    def close_index(self) -> None:
        """Close the index; the exact scan answers until it is opened again."""
        with self._mutex:  # a change is in the catalogue and in the index, or in neither
            self._index.close()

    def _keep_index(self) -> None:
        """Make sure that this process may change the index, where that is in the folder.

        Raises:
            LibraryInUse: another process that shares the catalogue keeps it.
        """
        if self._has_index_here and not self._lock.held:
            self._lock.acquire()

    def _may_write(self) -> bool:
        """Return whether this process may change the catalogue now."""
        return self._lock.held or (self.catalog.shared and not self.read_only)
