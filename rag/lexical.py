"""The lexical index: BM25 over the passages, with titles and headings beside the text."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

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


def _quoted(term: str) -> str:
    """Return a term as an FTS5 string, in which nothing is an operator."""
    return '"' + term.replace('"', '""') + '"'
