"""The lexical index on SQLite: BM25 by FTS5 over the passages, with titles and headings beside the text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from rag.schema import is_damage

CONTEXT_WEIGHT = 0.5
"""Weight of title and headings against the text in BM25."""

GATED_FROM = 5_000
"""Passages from which on a search fetches by the rarest words of a question only; see `_gates`."""

ENOUGH, MOST = 1_000, 5_000
"""Passages that the words which fetch should find together, and that one of them may find at most.

To score one takes 4 µs. Of 120,000 passages, six words found nearly all, in 246 ms, and the rarest the same
best ones in 50 ms. Where no word of more than a tenth of SciFact's abstracts fetches, nDCG@10 (.654)
and recall@100 (.917) of the words stay as they are; with a twenty-fifth, recall@100 is .908.
"""

_SEARCH = sa.text(
    "SELECT p.id, best.score FROM (SELECT rowid AS n, -bm25(passage_index, :weight, 1.0) / :times AS score "
    "FROM passage_index WHERE passage_index MATCH :match AND (:within IS NULL OR rowid IN "
    "(SELECT n FROM passages WHERE document_id IN (SELECT value FROM json_each(:within)))) "
    "ORDER BY score DESC, n LIMIT :k) AS best "
    "JOIN passages p ON p.n = best.n ORDER BY best.score DESC, best.n"
)
_LAST = sa.text("SELECT max(n) FROM passages")
_COUNT = sa.text("SELECT count(*) FROM passage_index WHERE passage_index MATCH :match")


def search(
    connection: sa.Connection, terms: Sequence[str], k: int, within: frozenset[str] | None
) -> list[tuple[str, float]]:
    """Return the `k` best passages for any of the terms, as (id, BM25), best first.

    With `within`, only passages of the documents with these ids are looked at.
    """
    if not terms:
        return []
    best: dict[str, float] = {}
    for match, times in _matches(connection, terms) if within is None else [(_any(terms), 1)]:
        values = {
            "match": match,
            "times": times,
            "k": k,
            "weight": CONTEXT_WEIGHT,
            "within": None if within is None else json.dumps(sorted(within)),
        }
        for row in connection.execute(_SEARCH, values):
            best.setdefault(row.id, row.score)
    return sorted(best.items(), key=lambda found: -found[1])[:k]


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


def _matches(connection: sa.Connection, terms: Sequence[str]) -> list[tuple[str, int]]:
    """Return what FTS5 is asked for, one after the other, and how often it counts each term then."""
    if (connection.scalar(_LAST) or 0) < GATED_FROM:
        return [(_any(terms), 1)]
    found = document_frequency(connection, terms)
    gates = _gates({term: count for term, count in found.items() if count})
    # FTS5 sums over all terms of an expression; those of the gate stand in it twice, so the others do, too.
    return [
        (f"({join.join(map(_quoted, gate))}) AND ({_any([*terms, *(t for t in terms if t not in gate)])})", 2)
        for gate, join in zip(gates, (" OR ", " AND "), strict=False)
        if gate
    ]


def _gates(found: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Return terms of which a passage must hold one to be looked at, and two that it may hold instead.

    A frequent word ranks passages but fetches none: what holds no other word of the question is not among the
    best. Where too few passages hold the rare ones, those that hold two frequent ones together are looked at.

    Args:
        found: for each term, how many passages hold it.
    """
    rarest = sorted(found, key=lambda term: found[term])
    alone, fetched = list[str](), 0
    for term in rarest:
        if fetched >= ENOUGH or found[term] > MOST:
            break
        alone.append(term)
        fetched += found[term]
    pair = rarest[len(alone) : len(alone) + 2]
    return alone, pair if fetched < ENOUGH and (len(pair) == 2 or not alone) else []


def _any(terms: Sequence[str]) -> str:
    return " OR ".join(_quoted(term) for term in terms)


def _quoted(term: str) -> str:
    """Return a term as an FTS5 string, in which nothing is an operator."""
    return '"' + term.replace('"', '""') + '"'
