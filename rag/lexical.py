"""The lexical index on SQLite: BM25 by FTS5 over the passages, with titles and headings beside the text."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from rag.schema import is_damage

CONTEXT_WEIGHT = 0.5
"""Weight of title and headings against the text in BM25."""

_SEARCH = sa.text(
    "SELECT p.id, best.score FROM (SELECT rowid AS n, -bm25(passage_index, :weight, 1.0) AS score "
    "FROM passage_index WHERE passage_index MATCH :match AND (:within IS NULL OR rowid IN "
    "(SELECT n FROM passages WHERE document_id IN (SELECT value FROM json_each(:within)))) "
    "ORDER BY score DESC, n LIMIT :k) AS best "
    "JOIN passages p ON p.n = best.n ORDER BY best.score DESC, best.n"
)
_COUNT = sa.text("SELECT count(*) FROM passage_index WHERE passage_index MATCH :match")


def search(
    connection: sa.Connection, terms: Sequence[str], k: int, within: frozenset[str] | None
) -> list[tuple[str, float]]:
    """Return the `k` best passages for any of the terms, as (id, BM25), best first.

    With `within`, only passages of the documents with these ids are looked at.
    """
    if not terms:
        return []
    values = {
        "match": " OR ".join(_quoted(term) for term in terms),
        "k": k,
        "weight": CONTEXT_WEIGHT,
        "within": None if within is None else json.dumps(sorted(within)),
    }
    return [(row.id, row.score) for row in connection.execute(_SEARCH, values)]


def document_frequency(connection: sa.Connection, terms: Sequence[str]) -> dict[str, int]:
    """Return for each term how many passages hold it."""
    return {term: connection.scalar(_COUNT, {"match": _quoted(term)}) or 0 for term in terms}


def add(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Take in passages that were stored in this transaction."""
    index = sa.text(
        "INSERT INTO passage_index(rowid, context, text) SELECT n, context, text FROM passages WHERE id = :id"
    )
    connection.execute(index, [{"id": each} for each in ids])


def remove(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Leave out passages, before their rows are deleted in this transaction."""
    unindex = sa.text(
        "INSERT INTO passage_index(passage_index, rowid, context, text) "
        "SELECT 'delete', n, context, text FROM passages WHERE id = :id"
    )
    connection.execute(unindex, [{"id": each} for each in ids])


def rebuild(connection: sa.Connection) -> None:
    """Make the index again from the passages."""
    connection.exec_driver_sql("INSERT INTO passage_index(passage_index) VALUES ('rebuild')")


def fits(connection: sa.Connection) -> bool:
    """Return whether it holds the words of the passages, and no others."""
    check = "INSERT INTO passage_index(passage_index, rank) VALUES ('integrity-check', 1)"
    try:
        connection.exec_driver_sql(check)
    except sa.exc.DatabaseError as error:
        if is_damage(str(error.orig)):
            return False
        raise
    return True


def _quoted(term: str) -> str:
    """Return a term as an FTS5 string, in which nothing is an operator."""
    return '"' + term.replace('"', '""') + '"'
