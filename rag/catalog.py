"""The catalogue: documents, texts, passages, vectors and the lexical index. It is the truth.

One document is one transaction. Everything else (the dense index) can be made again from what is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import sqlalchemy as sa

from rag.errors import LibraryError
from rag.settings import Settings
from rag.storage.passages import Passages
from rag.storage.rows import (
    find_document,
    inherit,
    insert_passages,
    next_generation,
    passage_ids,
    put_document,
    put_meta,
    remove_document,
    remove_passages,
)
from rag.storage.schema import check_version
from rag.storage.sqlite_store import FILE as FILE
from rag.storage.store import News
from rag.storage.tables import documents, texts, titles
from rag.types import Document, Passage, Text
from rag.vectors import Matrix


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction did to the passages: ids that went, ids that came, and the vectors of these."""

    removed: tuple[str, ...]
    added: tuple[str, ...]
    vectors: Matrix


class Catalog(Passages):
    """The documents and passages of a library. Safe for threads; on SQLite one process writes at a time."""

    def __init__(self, folder: Path, *, create: bool = False, url: str | None = None) -> None:
        """Open the catalogue of the library in `folder`: its SQLite file, or the PostgreSQL server at `url`.

        Raises:
            LibraryMissing: there is none and `create` is False.
            LibraryIncompatible: it was made by a newer version.
            LibraryDamaged: the file is not a readable database, or not as it was left.
            StorageError: the folder cannot be used.
            CatalogUnavailable: the server cannot be reached.
            CatalogRefused: it refuses the login, or cannot be used.
            MissingExtra: the server's driver is not installed.
        """
        super().__init__(folder, create=create, url=url)
        try:
            check_version(self.version, self.place)
        except LibraryError:
            self.close()
            raise

    @classmethod
    def of(cls, settings: Settings, *, create: bool = False) -> Self:
        """Open the catalogue of the settings' library."""
        return cls(settings.library.expanduser(), create=create, url=settings.catalog_url)

    def documents(self) -> list[Document]:
        """Return every document, in the order of the titles that their files have."""
        query = sa.select(documents).order_by(sa.func.lower(documents.c.title), documents.c.uri)
        with self._read() as connection:
            return [Document(**row) for row in connection.execute(query).mappings()]

    def document(self, document_id: str) -> Document | None:
        """Return one document, or None."""
        with self._read() as connection:
            return find_document(connection, document_id)

    def given_titles(self) -> dict[str, str]:
        """Return the titles that people gave, by the ids of the documents."""
        with self._read() as connection:
            return {row.document_id: row.title for row in connection.execute(sa.select(titles))}

    def text(self, document_id: str) -> str:
        """Return the extracted text that all offsets point into."""
        with self._read() as connection:
            return connection.scalar(sa.select(texts.c.text).where(texts.c.document_id == document_id)) or ""

    def pages(self, document_ids: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """Return for each document the offsets at which its pages start."""
        query = sa.select(texts.c.document_id, texts.c.pages).where(
            texts.c.document_id.in_(set(document_ids))
        )
        with self._read() as connection:
            return {row.document_id: tuple(row.pages) for row in connection.execute(query)}

    def put(
        self,
        document: Document,
        text: Text,
        new: Sequence[Passage],
        contexts: Sequence[str],
        embedded: Matrix,
        *,
        replaces: str | None = None,
    ) -> Change:
        """Store a document in place of its old version, in one transaction.

        Args:
            document: its facts.
            text: its extracted text.
            new: its passages.
            contexts: for each passage, the line of title and headings that is indexed with it.
            embedded: the passages' vectors, shape (n, dimensions), unit length.
            replaces: the id of another document that goes with this: the place where the file was before.
        """

        def change() -> Change:
            return self._put(document, text, new, contexts, embedded, replaces)

        return self._persistently(change)

    def _put(
        self,
        document: Document,
        text: Text,
        new: Sequence[Passage],
        contexts: Sequence[str],
        embedded: Matrix,
        replaces: str | None,
    ) -> Change:
        with self._write() as connection:
            self._store.claim(connection, [document.id, *filter(None, [replaces])])
            self._check_embedder(connection)
            old = set(passage_ids(connection, document.id))
            gone = tuple(sorted(old - {passage.id for passage in new}))
            put_document(connection, document, text)
            if replaces is not None and replaces != document.id:
                inherit(connection, replaces, document.id)
                gone += remove_document(connection, self.lexical, replaces)
            fresh = [i for i, passage in enumerate(new) if passage.id not in old]
            insert_passages(
                connection,
                self.lexical,
                [new[i] for i in fresh],
                [contexts[i] for i in fresh],
                embedded[fresh],
            )
            remove_passages(connection, self.lexical, gone)
            added = tuple(new[i].id for i in fresh)
            self._store.note(connection, next_generation(connection), gone, added)
        return Change(gone, added, embedded[fresh])

    def fail(self, document: Document) -> None:
        """Record that a file's newest version could not be read; an older version keeps answering."""

        def change() -> None:
            with self._write() as connection:
                self._store.claim(connection, [document.id])
                old = find_document(connection, document.id)
                failed = replace(old, status="failed", error=document.error) if old else document
                put_document(connection, failed, None)

        self._persistently(change)

    def remove(self, document_id: str) -> Change:
        """Remove a document and its passages, in one transaction."""

        def change() -> tuple[str, ...]:
            with self._write() as connection:
                self._store.claim(connection, [document_id])
                gone = remove_document(connection, self.lexical, document_id)
                self._store.note(connection, next_generation(connection), gone, ())
            return gone

        return Change(self._persistently(change), (), np.empty((0, 0), np.float32))

    def news(self, since: int) -> News | None:
        """Return what became of the passages since a generation; None where that is not known any more."""
        with self._read() as connection:
            return self._store.news(connection, since)

    def adopt(self, embedder: str) -> None:
        """Let the library have the embedder with this fingerprint from now on, where it has no passages."""
        with self._write() as connection:
            self._store.claim(connection, ["embedder"])
            if not self._store.n_passages(connection):
                put_meta(connection, {"embedder": embedder})
