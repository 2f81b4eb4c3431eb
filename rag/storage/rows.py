"""The statements behind the catalogue's transactions: rows in, rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from rag.storage.portable import insert_absent
from rag.storage.store import Lexical
from rag.storage.tables import collected, documents, meta, passages, texts, titles
from rag.types import Document, FoundPassage, Passage, Text
from rag.vectors import Matrix


def put_meta(connection: sa.Connection, values: Mapping[str, str]) -> None:
    """Store facts about the library; their rows stay the same ones, which others may wait to lock."""
    for key, value in values.items():
        if not insert_absent(connection, meta, {"key": key, "value": value}):
            connection.execute(meta.update().where(meta.c.key == key).values(value=value))


def next_generation(connection: sa.Connection) -> int:
    """Count one more change, and return its number; no other change has one until the transaction ends."""
    here = meta.c.key == "generation"
    following = sa.cast(sa.cast(meta.c.value, sa.BigInteger) + 1, sa.String)
    connection.execute(meta.update().where(here).values(value=following))
    return int(connection.scalar(sa.select(meta.c.value).where(here)) or 0)


def find_document(connection: sa.Connection, document_id: str) -> Document | None:
    """Return a document's facts, or None."""
    query = sa.select(documents).where(documents.c.id == document_id)
    row = connection.execute(query).mappings().first()
    return Document(**row) if row else None


def given_title() -> sa.ColumnElement[str]:
    """Return the title under which a document is shown, for a query that joins `titles`."""
    return sa.func.coalesce(titles.c.title, documents.c.title).label("title")


def inherit(connection: sa.Connection, old: str, new: str) -> None:
    """Give a document what people made of another one: its given title and its places in collections."""
    for table in (titles, collected):
        rows = connection.execute(sa.select(table).where(table.c.document_id == old)).mappings().all()
        for row in rows:
            insert_absent(connection, table, dict(row) | {"document_id": new})


def passage_ids(connection: sa.Connection, document_id: str) -> tuple[str, ...]:
    """Return the ids of a document's passages."""
    return tuple(connection.scalars(sa.select(passages.c.id).where(passages.c.document_id == document_id)))


def put_document(connection: sa.Connection, document: Document, text: Text | None) -> None:
    """Store a document's facts and, unless None, its text."""
    values = document.to_dict()
    if find_document(connection, document.id):
        connection.execute(documents.update().where(documents.c.id == document.id).values(values))
    else:
        connection.execute(documents.insert().values(values))
    if text is not None:
        connection.execute(texts.delete().where(texts.c.document_id == document.id))
        connection.execute(
            texts.insert().values(document_id=document.id, text=text.text, pages=list(text.pages))
        )


def insert_passages(
    connection: sa.Connection,
    lexical: Lexical,
    new: Sequence[Passage],
    contexts: Sequence[str],
    embedded: Matrix,
) -> None:
    """Store passages, their vectors of shape (n, dimensions) and their entries in the lexical index."""
    if not new:
        return
    rows = [
        {
            "id": passage.id,
            "document_id": passage.document_id,
            "start": passage.start,
            "end": passage.end,
            "page": passage.page,
            "headings": list(passage.headings),
            "context": context,
            "text": passage.text,
        }
        for passage, context in zip(new, contexts, strict=True)
    ]
    connection.execute(passages.insert(), rows)
    connection.execute(
        sa.text("INSERT INTO vectors(n, id, vector) SELECT n, id, :vector FROM passages WHERE id = :id"),
        [
            {"id": passage.id, "vector": vector.tobytes()}
            for passage, vector in zip(new, embedded, strict=True)
        ],
    )
    lexical.add(connection, [passage.id for passage in new])


def remove_passages(connection: sa.Connection, lexical: Lexical, ids: Sequence[str]) -> None:
    """Remove passages, their vectors and their entries in the lexical index."""
    if not ids:
        return
    lexical.remove(connection, ids)
    gone = [{"id": passage_id} for passage_id in ids]
    connection.execute(sa.text("DELETE FROM passages WHERE id = :id"), gone)


def remove_document(connection: sa.Connection, lexical: Lexical, document_id: str) -> tuple[str, ...]:
    """Remove a document and all that is made from it, and return the ids of its passages."""
    gone = passage_ids(connection, document_id)
    remove_passages(connection, lexical, gone)
    connection.execute(documents.delete().where(documents.c.id == document_id))
    return gone


def stored_passages(connection: sa.Connection, document_id: str) -> tuple[list[Passage], list[str]]:
    """Return a document's passages in the order of the text, and the context line of each."""
    query = sa.select(passages).where(passages.c.document_id == document_id)
    rows = connection.execute(query.order_by(passages.c.start, passages.c.n)).all()
    found = [
        Passage(r.id, r.document_id, r.text, r.start, r.end, r.page, headings=tuple(r.headings)) for r in rows
    ]
    return found, [row.context for row in rows]


def found(row: Any) -> FoundPassage:
    """Return a passage with the place that it comes from."""
    return FoundPassage(
        id=row.id,
        document_id=row.document_id,
        text=row.text,
        start=row.start,
        end=row.end,
        page=row.page,
        headings=tuple(row.headings),
        uri=row.uri,
        title=row.title,
    )
