"""The lexical index on SQLite: BM25 by FTS5 over the passages, with titles and headings beside the text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from rag.storage.gates import any_of, gates, quoted
from rag.storage.schema import is_damage

CONTEXT_WEIGHT = 0.5
"""Weight of title and headings against the text in BM25."""

GATED_FROM = 5_000
"""Passages from which on a search fetches by the rarest words of a question only; see `rag.storage.gates`."""

SAMPLED_FROM = 100_000
"""Passages from which on it is estimated how many hold a frequent word: those of all cost 43 ns each."""

EXACT, WINDOWS, SAMPLED = 5_000, 32, 20_000
"""Passages of one word that are counted, and the stretches that the rest is estimated from, with their length
together. Of a million passages that says within 4 % how many hold a word of every twentieth, in 2 ms for 20.
"""

_NOTHING = '""'
"""An expression of FTS5 that no passage matches."""

_SEARCH = sa.text(
    "SELECT p.id, best.score FROM (SELECT rowid AS n, -bm25(passage_index, :weight, 1.0) AS score "
    "FROM passage_index WHERE passage_index MATCH :match AND (:within IS NULL OR rowid IN "
    "(SELECT n FROM passages WHERE document_id IN (SELECT value FROM json_each(:within)))) "
    "ORDER BY score DESC, n LIMIT :k) AS best "
    "JOIN passages p ON p.n = best.n ORDER BY best.score DESC, best.n"
)
_GATED = sa.text(
    "SELECT p.id, best.score FROM (SELECT n, sum(score) AS score FROM ("
    "SELECT rowid AS n, -bm25(passage_index, :weight, 1.0) / 2 AS score "
    "FROM passage_index WHERE passage_index MATCH :ranked UNION ALL "
    "SELECT i.rowid, json_extract(m.value, '$[1]') FROM json_each(:plain) AS m "
    "CROSS JOIN passage_index AS i WHERE i.passage_index MATCH json_extract(m.value, '$[0]')) "
    "GROUP BY n ORDER BY score DESC, n LIMIT :k) AS best "
    "JOIN passages p ON p.n = best.n ORDER BY best.score DESC, best.n"
)
_LAST = sa.text("SELECT max(n) FROM passages")
_COUNT = sa.text(
    "SELECT count(*) FROM (SELECT 1 FROM passage_index WHERE passage_index MATCH :match LIMIT :most)"
)
_SAMPLE = sa.text(
    "SELECT count(*) FROM json_each(:starts) AS w CROSS JOIN passage_index AS i "
    "WHERE i.passage_index MATCH :match AND i.rowid BETWEEN w.value AND w.value + :length - 1"
)


def search(
    connection: sa.Connection,
    terms: Sequence[str],
    k: int,
    within: frozenset[str] | None,
    frequency: Mapping[str, int],
) -> list[tuple[str, float]]:
    """Return the `k` best passages for any of the terms, as (id, BM25), best first.

    With `within`, only passages of the documents with these ids are looked at. `frequency` says how many
    passages hold each term, where that is known.
    """
    if not terms:
        return []
    values: dict[str, object] = {"k": k, "weight": CONTEXT_WEIGHT}
    size = _last(connection)
    if within is not None or size < GATED_FROM:
        values |= {"match": any_of(terms), "within": None if within is None else json.dumps(sorted(within))}
        return [(row.id, row.score) for row in connection.execute(_SEARCH, values)]
    known = document_frequency(connection, [term for term in terms if term not in frequency]) | dict(
        frequency
    )
    best: dict[str, float] = {}
    for gate in gates({term: known[term] for term in terms}, size):
        asked = {"ranked": gate.ranked or _NOTHING, "plain": json.dumps(gate.plain)}
        for row in connection.execute(_GATED, values | asked):
            best.setdefault(row.id, row.score)
    return sorted(best.items(), key=lambda found: -found[1])[:k]


def document_frequency(connection: sa.Connection, terms: Sequence[str]) -> dict[str, int]:
    """Return for each term how many passages hold it; of frequent ones in a large library, about."""
    last = _last(connection)
    return {term: _frequency(connection, quoted(term), last) for term in terms}


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


def _last(connection: sa.Connection) -> int:
    return connection.scalar(_LAST) or 0


def _frequency(connection: sa.Connection, match: str, last: int) -> int:
    few = last < SAMPLED_FROM
    counted: int = connection.scalar(_COUNT, {"match": match, "most": -1 if few else EXACT}) or 0
    if few or counted < EXACT:
        return counted
    length = SAMPLED // WINDOWS
    starts = [1 + (last - length) * i // (WINDOWS - 1) for i in range(WINDOWS)]
    values = {"match": match, "starts": json.dumps(starts), "length": length}
    sampled: int = connection.scalar(_SAMPLE, values) or 0
    return max(counted, min(last, sampled * last // (WINDOWS * length)))
