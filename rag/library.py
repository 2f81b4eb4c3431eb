"""A library: the catalogue and its dense index as one thing, with one writer at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rag.aside import awaited
from rag.catalog import Catalog
from rag.errors import DocumentNotFound, LibraryIncompatible, LibraryInUse
from rag.index import CollectionIndex, Hits
from rag.index_making import Progress
from rag.keepers import keeper_of
from rag.lock import WriterLock
from rag.migrations import migrate
from rag.naming import named
from rag.schema import SCHEMA_VERSION
from rag.scoped import ScopedSearch
from rag.settings import Settings
from rag.types import Document, Passage, Text
from rag.upkeep import forget_removed, remove_upload, remove_uploads
from rag.vectors import Matrix


class Library:
    """Documents and how to find passages in them. Use as a context manager, or call `close`.

    Safe for threads. `adocuments` and its kind are the same for programs with an event loop.
    """

    def __init__(self, catalog: Catalog, settings: Settings | None = None) -> None:
        """Wrap an open catalogue; see `open`. The settings say where the dense index is."""
        self.path = catalog.folder
        self.catalog = catalog
        self._mutex = threading.RLock()
        self._lock = WriterLock(self.path)
        self._has_index_here = settings is None or settings.chroma is None
        self._index = keeper_of(catalog, settings, self._may_write)
        self._scoped = ScopedSearch(catalog, self._index)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, create: bool = False) -> Library:
        """Open the library in the folder `path`; `create` makes it when there is none.

        Raises:
            LibraryMissing: there is none and `create` is False.
            LibraryIncompatible: it was made by a newer version.
            LibraryDamaged: its catalogue is not readable.
            LibraryInUse: it was made by an older version, and another process holds it.
            StorageError: the folder cannot be used.
        """
        return cls._opened(Catalog(Path(path).expanduser(), create=create))

    @classmethod
    def of(cls, settings: Settings, *, create: bool = False) -> Library:
        """Open the library of the settings, as `open` does; its dense index is where they say."""
        return cls._opened(Catalog.of(settings, create=create), settings)

    @classmethod
    def _opened(cls, catalog: Catalog, settings: Settings | None = None) -> Library:
        library = cls(catalog, settings)
        try:
            library._migrate()
        except BaseException:
            library.close()
            raise
        return library

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    async def __aenter__(self) -> Library:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def close(self) -> None:
        """Close the index cleanly and let the next writer in."""
        with self._mutex:
            self._index.close()
            self.catalog.close(sealing=self._lock.held)
            self._lock.release()

    aclose = awaited(close)

    @property
    def read_only(self) -> bool:
        """Whether this user may only read it: the exact scan answers, and nothing can be added."""
        return self.catalog.read_only

    # -- reading -----------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self.catalog.n_passages

    def documents(self) -> list[Document]:
        """Return every document under the title that it is shown by, in the order of these."""
        given = self.catalog.given_titles()
        every = [
            replace(each, title=given[each.id]) if each.id in given else each
            for each in self.catalog.documents()
        ]
        return sorted(every, key=lambda each: (each.title.casefold(), each.uri)) if given else every

    def document(self, document_id: str) -> Document | None:
        """Return one document under the title that it is shown by, or None."""
        found = self.catalog.document(document_id)
        given = self.catalog.given_titles() if found is not None else {}
        return replace(found, title=given[found.id]) if found is not None and found.id in given else found

    def find(self, name: str) -> Document:
        """Return the document with this id, uri, path, file name or title.

        Raises:
            DocumentNotFound: there is none, or the name fits several.
        """
        found = named(name, self.documents())
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(document.id for document in found)
            raise DocumentNotFound(f"'{name}' fits {len(found)} documents ({several}): name one by its id")
        raise DocumentNotFound(
            f"no document '{name}' in {self.catalog.place}: 'footnote list' shows what there is"
        )

    def text(self, document_id: str) -> str:
        """Return the extracted text of a document, which all offsets point into."""
        return self.catalog.text(document_id)

    adocuments, adocument, afind = awaited(documents), awaited(document), awaited(find)
    atext = awaited(text)

    def search_dense(self, vector: Matrix, k: int, within: frozenset[str] | None = None) -> Hits:
        """Return the `k` passages nearest to a unit vector as (id, cosine), best first.

        With `within`, only passages of the documents with these ids are looked at.

        Raises:
            IndexUnavailable, IndexDamaged: the Chroma server fails, and the library is too large without it.
        """
        return self._index.search(vector, k) if within is None else self._scoped.search(vector, k, within)

    # -- writing -----------------------------------------------------------------------------------------

    def require(self, fingerprint: str) -> None:
        """Make sure that the library's vectors come from the embedder with this fingerprint.

        Raises:
            LibraryIncompatible: they come from another one.
        """
        made_by = self.catalog.get_meta("embedder")
        if made_by is None or (made_by != fingerprint and not len(self)):
            self.lock()
            self.catalog.adopt(fingerprint)
            made_by = self.catalog.get_meta("embedder")
        if made_by != fingerprint:
            raise LibraryIncompatible(
                f"the library {self.catalog.place} was made with the embedder {made_by}, not {fingerprint}: "
                "set 'embedder' to that one, or run 'footnote reindex' to change to this one"
            )
        self.catalog.expect(fingerprint)

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

    def put(
        self,
        document: Document,
        text: Text,
        passages: Sequence[Passage],
        contexts: Sequence[str],
        vectors: Matrix,
        *,
        replaces: str | None = None,
    ) -> None:
        """Store a document in place of its old version; it is safe on disk when this returns.

        `replaces` is the id of another document that it takes the place of, and that goes in the same step.
        """
        with self._mutex:
            self.lock()
            change = self.catalog.put(document, text, passages, contexts, vectors, replaces=replaces)
            self._index.apply(change)

    def fail(self, document: Document) -> None:
        """Record that the newest version of a document could not be read."""
        with self._mutex:
            self.lock()
            self.catalog.fail(document)

    def remove(self, document_id: str) -> None:
        """Remove a document and everything made from it; its file only if it came through the browser.

        Raises:
            StorageError: the library, or that file, cannot be changed.
        """
        with self._mutex:
            self.lock()
            document = self.catalog.document(document_id)
            self._index.apply(self.catalog.remove(document_id))
            if document is not None:
                remove_upload(self.catalog, document.uri)

    aremove = awaited(remove)

    def open_index(self, progress: Progress | None = None) -> None:
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

    def rebuild_index(self, progress: Progress | None = None) -> None:
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

    def close_index(self) -> None:
        """Close the index; the exact scan answers until it is opened again."""
        with self._mutex:  # a change is in the catalogue and in the index, or in neither
            self._index.close()

    def purge(self) -> None:
        """Leave nothing of what was ever removed in any file of the library.

        The index is left for the next process to make: Chroma also writes memory that it never filled, and in
        this one that may be what was removed.

        Raises:
            LibraryInUse: another process holds the library, or still reads what was removed.
            StorageError: there is no room for a second catalogue meanwhile, or a file cannot be removed.
            IndexUnavailable: the Chroma server does not answer, and holds vectors of what was removed.
        """
        with self._mutex:
            self.lock()
            self._keep_index()
            with self.catalog.alone("footnote remove --purge"):
                forget_removed(self.catalog)
            remove_uploads(self.catalog)
            self._index.discard()

    def _migrate(self) -> None:
        """Bring a library of an older version up to this one; only its writer may."""
        if self.catalog.version < SCHEMA_VERSION:
            self.lock("bringing the library up to this version")
            try:
                migrate(self.catalog)
            finally:  # one that stays old is not sealed: the Footnote that made it may know no seals
                self._lock.release()
