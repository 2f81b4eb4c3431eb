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

from rag.errors import LibraryError, LibraryIncompatible
from rag.facts import Facts
from rag.portable import among
from rag.rows import (
    find_document,
    found,
    given_title,
    inherit,
    insert_passages,
    next_generation,
    passage_ids,
    put_document,
    put_meta,
    remove_document,
    remove_passages,
    stored_passages,
)
from rag.schema import check_version
from rag.settings import Settings
from rag.sqlite_store import FILE as FILE
from rag.store import News
from rag.tables import documents, meta, passages, texts, titles, vectors
from rag.types import Document, FoundPassage, Passage, Text
from rag.vectors import Matrix, from_bytes

_FIND_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction did to the passages: ids that went, ids that came, and the vectors of these."""

    removed: tuple[str, ...]
    added: tuple[str, ...]
    vectors: Matrix


class Catalog(Facts):
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
        self._expected: str | None = None
        try:
            check_version(self.version, self.place)
        except LibraryError:
            self.close()
            raise

    @classmethod
    def of(cls, settings: Settings, *, create: bool = False) -> Self:
        """Open the catalogue of the settings' library."""
        return cls(settings.library.expanduser(), create=create, url=settings.catalog_url)

    def expect(self, embedder: str) -> None:
        """From now on, read vectors of the embedder with this fingerprint only."""
        self._expected = embedder

    # -- documents ---------------------------------------------------------------------------------------

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

    def _check_embedder(self, connection: sa.Connection) -> None:
        """Refuse vectors of another embedder than the library's, which another writer may have changed.

        Raises:
            LibraryIncompatible: it was changed since.
        """
        made_by = connection.scalar(sa.select(meta.c.value).where(meta.c.key == "embedder"))
        if self._expected not in (None, made_by):
            raise LibraryIncompatible(
                f"the library {self.place} was changed from the embedder {self._expected} to {made_by} "
                "meanwhile: open it again with that one"
            )

    # -- passages ----------------------------------------------------------------------------------------

    def passages(self, ids: Sequence[str]) -> dict[str, FoundPassage]:
        """Return the passages by id, with the place that each comes from."""
        columns = (passages, documents.c.uri, given_title())
        query = sa.select(*columns).join(documents, documents.c.id == passages.c.document_id)
        query = query.outerjoin(titles, titles.c.document_id == documents.c.id)
        result: dict[str, FoundPassage] = {}
        with self._read() as connection:
            for at in range(0, len(ids), _FIND_CHUNK):
                rows = connection.execute(query.where(passages.c.id.in_(ids[at : at + _FIND_CHUNK])))
                result |= {row.id: found(row) for row in rows}
        return result

    def passage_ids(self, after: int = 0) -> list[str]:
        """Return the ids of the passages with a number above `after`, in the order of their numbers."""
        query = sa.select(passages.c.id).where(passages.c.n > after).order_by(passages.c.n)
        with self._read() as connection:
            return list(connection.scalars(query))

    def present(self, ids: Iterable[str]) -> set[str]:
        """Return those of the ids that passages have now."""
        with self._read() as connection:
            return set(connection.scalars(sa.select(passages.c.id).where(among(passages.c.id, ids))))

    def vectors(self, ids: Sequence[str] | None = None) -> tuple[list[str], Matrix]:
        """Return the ids and vectors of the given passages, or of all of them; shape (n, dimensions).

        Raises:
            LibraryIncompatible: they are of another embedder than the one to `expect`: it was changed since.
        """
        query = sa.select(vectors.c.id, vectors.c.vector).order_by(vectors.c.n)
        if ids is not None:
            numbers = sa.select(passages.c.n).where(passages.c.id.in_(ids))
            query = query.where(vectors.c.n.in_(numbers))
        with self._read() as connection:
            self._check_embedder(connection)
            rows = connection.execute(query).all()
        return [row.id for row in rows], from_bytes([row.vector for row in rows])

    def embedded(self, document_id: str) -> dict[tuple[str, str], Matrix]:
        """Return the vectors that a document already has, by (context, text), so that none is made twice."""
        query = (
            sa.select(passages.c.context, passages.c.text, vectors.c.vector)
            .join(vectors, vectors.c.n == passages.c.n)
            .where(passages.c.document_id == document_id)
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return {(row.context, row.text): np.frombuffer(row.vector, np.float32) for row in rows}

    def stored(self, document_id: str) -> tuple[list[Passage], list[str]]:
        """Return a document's passages in the order of the text, and the context line of each."""
        with self._read() as connection:
            return stored_passages(connection, document_id)

    def search(
        self, terms: Sequence[str], k: int, within: frozenset[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the `k` best passages for any of the terms, as (id, BM25), best first.

        With `within`, only passages of the documents with these ids are looked at.
        """
        with self._read() as connection:
            return self.lexical.search(connection, terms, k, within)

    def passage_ids_of(self, document_ids: Iterable[str]) -> set[str]:
        """Return the ids of all passages of these documents."""
        chosen = sa.select(passages.c.id).where(among(passages.c.document_id, document_ids))
        with self._read() as connection:
            return set(connection.scalars(chosen))

    def document_frequency(self, terms: Sequence[str]) -> dict[str, int]:
        """Return for each term how many passages hold it."""
        with self._read() as connection:
            return self.lexical.document_frequency(connection, terms)
