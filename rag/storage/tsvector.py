"""The lexical index on PostgreSQL: the words of passages behind a GIN index, and how many hold each word.

Stems are ours, so that both engines find the same words. How many passages hold a word is counted in the
table `lexemes`, exactly, as passages come and go; `rag.storage.tsvector_rank` ranks by that.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from rag.storage.lexemes import vector_of
from rag.storage.portable import among
from rag.storage.tables import passages
from rag.storage.tsvector_rank import document_frequency as document_frequency
from rag.storage.tsvector_rank import search as search

_AT_ONCE = 500
"""Passages whose words are stored together."""

TABLES = (
    "CREATE TABLE passage_words (n BIGINT PRIMARY KEY REFERENCES passages (n) ON DELETE CASCADE, "
    "length INTEGER NOT NULL, words TSVECTOR NOT NULL) WITH (toast_tuple_target = 8160)",
    "CREATE INDEX ix_passage_words ON passage_words USING gin (words) WITH (fastupdate = off)",
    'CREATE TABLE lexemes (lexeme TEXT COLLATE "C" PRIMARY KEY, n_passages BIGINT NOT NULL) '
    "WITH (fillfactor = 70)",
    "CREATE TABLE lexical_counts (n_passages BIGINT NOT NULL, n_words BIGINT NOT NULL)",
    "INSERT INTO lexical_counts VALUES (0, 0)",
)
"""How its tables are made; `lexical_counts` has one row."""

_COUNTED = "SELECT w.lexeme, count(*) AS n_passages FROM passage_words, unnest(words) w WHERE {} GROUP BY 1"
_COUNT_IN = sa.text(
    f"INSERT INTO lexemes {_COUNTED.format('n = ANY(:numbers)')} ORDER BY 1 ON CONFLICT (lexeme) "  # noqa: S608
    "DO UPDATE SET n_passages = lexemes.n_passages + excluded.n_passages"
)
_COUNT_OUT = sa.text(
    f"UPDATE lexemes SET n_passages = lexemes.n_passages - gone.n_passages "  # noqa: S608
    f"FROM ({_COUNTED.format('n = ANY(:numbers)')}) gone WHERE gone.lexeme = lexemes.lexeme "
    "RETURNING lexemes.lexeme, lexemes.n_passages"
)
_TOTAL = sa.text(
    "UPDATE lexical_counts SET n_passages = n_passages + :sign * t.n, n_words = n_words + :sign * t.words "
    "FROM (SELECT count(*) AS n, coalesce(sum(length), 0) AS words FROM passage_words "
    "WHERE n = ANY(:numbers)) t"
)
_HOLD = sa.text("SELECT value FROM meta WHERE key = 'generation' FOR UPDATE")
"""Whoever counts words is the one to be the next generation: nobody waits for two others."""


def add(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Take in passages that were stored in this transaction."""
    numbers: list[int] = []
    for at in range(0, len(ids), _AT_ONCE):
        query = sa.select(passages.c.n, passages.c.context, passages.c.text)
        rows = connection.execute(query.where(among(passages.c.id, ids[at : at + _AT_ONCE]))).all()
        connection.execute(
            sa.text(
                "INSERT INTO passage_words (n, length, words) VALUES (:n, :length, CAST(:words AS tsvector))"
            ),
            [{"n": row.n} | vector_of(row.context, row.text) for row in rows],
        )
        numbers += (row.n for row in rows)
    connection.execute(_HOLD)
    connection.execute(_COUNT_IN, {"numbers": numbers})
    connection.execute(_TOTAL, {"numbers": numbers, "sign": 1})


def remove(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Leave out passages, before their rows are deleted in this transaction."""
    numbers = list(connection.scalars(sa.select(passages.c.n).where(among(passages.c.id, ids))))
    connection.execute(_HOLD)
    left = connection.execute(_COUNT_OUT, {"numbers": numbers})
    gone = [row.lexeme for row in left if row.n_passages <= 0]
    connection.execute(sa.text("DELETE FROM lexemes WHERE lexeme = ANY(:gone)"), {"gone": gone})
    connection.execute(_TOTAL, {"numbers": numbers, "sign": -1})
    connection.execute(sa.text("DELETE FROM passage_words WHERE n = ANY(:numbers)"), {"numbers": numbers})


def rebuild(connection: sa.Connection) -> None:
    """Make the index again from the passages."""
    for statement in ("DELETE FROM passage_words", "DELETE FROM lexemes"):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql("UPDATE lexical_counts SET n_passages = 0, n_words = 0")
    add(connection, list(connection.scalars(sa.select(passages.c.id).order_by(passages.c.n))))


def fits(connection: sa.Connection) -> bool:
    """Return whether it holds the words of the passages, and no others."""
    miscounted = (
        "SELECT 1 FROM (SELECT w.lexeme, count(*) AS n FROM passage_words, unnest(words) w GROUP BY 1) c "
        "FULL JOIN lexemes USING (lexeme) WHERE c.n IS DISTINCT FROM n_passages LIMIT 1"
    )
    extra = "SELECT 1 FROM passages p LEFT JOIN passage_words w USING (n) WHERE w.n IS NULL LIMIT 1"
    if any(connection.exec_driver_sql(query).first() for query in (miscounted, extra)):
        return False
    differs = sa.text(
        "SELECT 1 FROM passage_words WHERE n = :n AND (words, length) "
        "IS DISTINCT FROM (CAST(:words AS tsvector), :length)"
    )
    rows = connection.execute(sa.select(passages.c.n, passages.c.context, passages.c.text))
    return not any(
        connection.execute(differs, {"n": row.n} | vector_of(row.context, row.text)).first()
        for row in rows.all()
    )


def n_passages(connection: sa.Connection) -> int:
    """Return how many passages there are, without counting them."""
    return int(connection.exec_driver_sql("SELECT n_passages FROM lexical_counts").scalar_one())
