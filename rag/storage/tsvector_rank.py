"""BM25 on PostgreSQL: which passages the words of a question find, and how these rank.

What PostgreSQL ranks by itself knows no library: neither how rare a word is in it nor how long its passages
are. So the GIN index says which passages hold words of a question, and the same statement ranks these by
BM25, with the k1 and b of FTS5:

- how many passages hold a word is counted in the table `lexemes`;
- how often a word stands in a passage is read out of `ts_rank`, which says for one word that stands there f
  times the sum of 1/i² for i from 1 to f, over that to infinity. The rest of that sum is 1/(f + ½), to 5 %.

A question's common words find too much and tell too little: where its words are in more passages than
`MOST`, only those that hold one of the rarer words are ranked, by all words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from rag.storage.lexemes import lexeme_of, quoted
from rag.storage.portable import among
from rag.storage.tables import documents

CONTEXT_WEIGHT = 0.5
"""Weight of title and headings against the text in BM25, as on SQLite."""

MOST, FLOOD = 1000, 10_000
"""Passages that the rarer words of a question may find, and that the rarest may where it alone finds more.

With 1,000, of the hundred best of 6,735 passages 98 are the same as without, and of the ten best as many as
with 2,000; it takes 4.6 ms in place of 5.7 (median of 100 questions of SQuAD and SciFact, two cores).
"""

K1, B = 1.2, 0.75
_LEAST_IDF = 1e-6
_KNOWN = sa.text(
    "SELECT lexeme, n_passages, 0 AS n_words FROM lexemes WHERE lexeme = ANY(:lexemes) "
    "UNION ALL SELECT NULL, n_passages, n_words FROM lexical_counts"
)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A word of a question: how many passages hold it, and what it adds to the rank of each."""

    lexeme: str
    n_passages: int
    idf: float


def search(
    connection: sa.Connection,
    terms: Sequence[str],
    k: int,
    within: frozenset[str] | None,
    frequency: Mapping[str, int],  # noqa: ARG001 -- one statement reads it with the size of the library
) -> list[tuple[str, float]]:
    """Return the `k` best passages for any of the terms, as (id, BM25), best first.

    With `within`, only passages of the documents with these ids are looked at.
    """
    wanted = Counter(lexeme_of(term) for term in terms)
    known, mean = _known(connection, wanted)
    if not known:
        return []
    few = within is not None and _n_within(connection, within) <= MOST
    gates = known if few else _gates(known)
    return _ranked(connection, gates, known, mean, k, within)


def document_frequency(connection: sa.Connection, terms: Sequence[str]) -> dict[str, int]:
    """Return for each term how many passages hold it."""
    rows = connection.execute(_KNOWN, {"lexemes": list({lexeme_of(term) for term in terms})})
    held = {row.lexeme: int(row.n_passages) for row in rows}
    return {term: held.get(lexeme_of(term), 0) for term in terms}


def _known(connection: sa.Connection, wanted: Counter[str]) -> tuple[list[_Weighed], float]:
    """Return the words that any passage holds, the rarest first, and the mean length of passages."""
    held: dict[str, int] = {}
    size, mean = 0, 1.0
    for row in connection.execute(_KNOWN, {"lexemes": list(wanted)}):
        if row.lexeme is None:
            size, mean = int(row.n_passages), max(float(row.n_words), 1.0) / max(int(row.n_passages), 1)
        else:
            held[row.lexeme] = int(row.n_passages)
    found = (
        _Weighed(each, n, wanted[each] * max(math.log((size - n + 0.5) / (n + 0.5)), _LEAST_IDF))
        for each, n in held.items()
    )
    return sorted(found, key=lambda each: (each.n_passages, each.lexeme)), mean


def _gates(known: Sequence[_Weighed]) -> Sequence[_Weighed]:
    """Return the rarest words, as many as find no more than `MOST` passages; one at least."""
    total = 0
    for i, each in enumerate(known):
        total += each.n_passages
        if total > MOST:
            return known[: max(i, 1)]
    return known


def _n_within(connection: sa.Connection, within: frozenset[str]) -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(documents.c.n_passages), 0))
    return int(connection.scalar(query.where(among(documents.c.id, within))) or 0)


def _ranked(
    connection: sa.Connection,
    gates: Sequence[_Weighed],
    known: Sequence[_Weighed],
    mean: float,
    k: int,
    within: frozenset[str] | None,
) -> list[tuple[str, float]]:
    values: dict[str, object] = {
        "gates": " | ".join(quoted(each.lexeme) for each in gates),
        "weights": [CONTEXT_WEIGHT, 1.0, 1.0, 1.0],
        "flat": K1 * (1 - B),
        "slope": K1 * B / mean,
        "k": k,
        "most": FLOOD,
    }
    for i, each in enumerate(known):
        values |= {f"word{i}": quoted(each.lexeme), f"idf{i}": each.idf * (K1 + 1)}
    chosen = ""
    if within is not None:
        values["within"] = sorted(within)
        chosen = "AND EXISTS (SELECT 1 FROM passages q WHERE q.n = w.n AND q.document_id = ANY(:within)) "
    return [(row.id, float(row.score)) for row in connection.execute(_statement(len(known), chosen), values)]


def _statement(n_words: int, chosen: str) -> sa.TextClause:
    """Return the statement that ranks by so many words; equal ones are planned once."""
    told = "nullif(ts_rank(CAST(:weights AS real[]), w.words, CAST(:word{0} AS tsquery)), 0)"
    often = f"(1 / (1.6449340668 * (1 - {told})) - 0.5)"
    part = f"coalesce(:idf{{0}} / (1 + w.penalty / {often}), 0)"
    score = " + ".join(part.format(i) for i in range(n_words))
    return sa.text(
        f"SELECT p.id, best.score FROM (SELECT w.n, {score} AS score FROM "  # noqa: S608 - numbers
        "(SELECT w.n, w.words, :flat + :slope * w.length AS penalty FROM passage_words w "
        f"WHERE w.words @@ CAST(:gates AS tsquery) {chosen}LIMIT :most) AS w "
        "ORDER BY score DESC, w.n LIMIT :k) AS best "
        "JOIN passages p ON p.n = best.n ORDER BY best.score DESC, best.n"
    )
