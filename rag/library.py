"""A library: the catalogue and its dense index as one thing, with one writer at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rag.aside import awaited
from rag.catalog import Catalog
from rag.dense.indexed import Indexed
from rag.errors import DocumentNotFound, LibraryIncompatible
from rag.maintenance.migrations import migrate
from rag.maintenance.upkeep import forget_removed, remove_upload, remove_uploads
from rag.settings import Settings
from rag.storage.schema import SCHEMA_VERSION
from rag.text.naming import named
from rag.types import Document, Passage, Text
from rag.vectors import Matrix


class Library(Indexed):
    """Documents and how to find passages in them. Use as a context manager, or call `close`.

    Safe for threads. `adocuments` and its kind are the same for programs with an event loop.
    """

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
