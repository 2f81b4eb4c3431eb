"""What a catalogue tells of its passages: their texts, their vectors, and which of them hold a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from rag.errors import LibraryIncompatible
from rag.storage.facts import Facts
from rag.storage.portable import among
from rag.storage.rows import found, given_title, stored_passages
from rag.storage.tables import documents, meta, passages, titles, vectors
from rag.types import FoundPassage, Passage
from rag.vectors import Matrix, from_bytes

_FIND_CHUNK = 500
"""Passages that are looked up at once."""


class Passages(Facts):
    """The file of a catalogue with its passages, which are read here and nowhere changed."""

    def __init__(self, folder: Path, *, create: bool, url: str | None) -> None:
        """Open it as `Catalog` does."""
        super().__init__(folder, create=create, url=url)
        self._expected: str | None = None

    def expect(self, embedder: str) -> None:
        """From now on, read vectors of the embedder with this fingerprint only."""
        self._expected = embedder

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
        self,
        terms: Sequence[str],
        k: int,
        within: frozenset[str] | None = None,
        frequency: Mapping[str, int] | None = None,
    ) -> list[tuple[str, float]]:
        """Return the `k` best passages for any of the terms, as (id, BM25), best first.

        With `within`, only passages of the documents with these ids are looked at. `frequency` says how many
        passages hold each term, where that is known.
        """
        with self._read() as connection:
            return self.lexical.search(connection, terms, k, within, frequency or {})

    def passage_ids_of(self, document_ids: Iterable[str]) -> set[str]:
        """Return the ids of all passages of these documents."""
        chosen = sa.select(passages.c.id).where(among(passages.c.document_id, document_ids))
        with self._read() as connection:
            return set(connection.scalars(chosen))

    def document_frequency(self, terms: Sequence[str]) -> dict[str, int]:
        """Return for each term how many passages hold it."""
        with self._read() as connection:
            return self.lexical.document_frequency(connection, terms)

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
