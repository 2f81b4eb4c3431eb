"""The lexical index on PostgreSQL: a GIN index on `tsvector` finds passages, and their BM25 ranks them.

Stems are ours, so that both engines find the same words. What PostgreSQL ranks by itself knows no library:
neither how rare a word is in it nor how long its passages are. So the GIN index says which passages hold
words of a question, and the same statement ranks these by BM25, with the k1 and b of FTS5:

- how many passages hold a word is counted in the table `lexemes`, exactly, as passages come and go;
- how often a word stands in a passage is read out of `ts_rank`, which says for one word that stands there f
  times the sum of 1/i² for i from 1 to f, over that to infinity. The rest of that sum is 1/(f + ½), to 5 %.

A question's common words find too much and tell too little: where its words are in more passages than
`MOST`, only those that hold one of the rarer words are ranked, by all words.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from rag.portable import among
from rag.tables import documents, passages
from rag.words import stem, words

CONTEXT_WEIGHT = 0.5
"""Weight of title and headings against the text in BM25, as on SQLite."""

MOST, FLOOD = 1000, 10_000
"""Passages that the rarer words of a question may find, and that the rarest may where it alone finds more.

With 1,000, of the hundred best of 6,735 passages 98 are the same as without, and of the ten best as many as
with 2,000; it takes 4.6 ms in place of 5.7 (median of 100 questions of SQuAD and SciFact, two cores).
"""

K1, B = 1.2, 0.75
_LEAST_IDF = 1e-6
_LONGEST, _MOST_PLACES, _LAST_PLACE = 250, 255, 16383
"""Characters of a word that count, and what a tsvector tells: places of a word, and the last of them."""

_AT_ONCE = 500
_PIECE = re.compile(r"[^\W_]+")

_lexical = sa.MetaData()

passage_words = sa.Table(
    "passage_words",
    _lexical,
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("words", sa.types.NullType, nullable=False),
)
lexemes = sa.Table(
    "lexemes",
    _lexical,
    sa.Column("lexeme", sa.Text, primary_key=True),
    sa.Column("n_passages", sa.BigInteger, nullable=False),
)

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
_KNOWN = sa.text(
    "SELECT lexeme, n_passages, 0 AS n_words FROM lexemes WHERE lexeme = ANY(:lexemes) "
    "UNION ALL SELECT NULL, n_passages, n_words FROM lexical_counts"
)
_HOLD = sa.text("SELECT value FROM meta WHERE key = 'generation' FOR UPDATE")
"""Whoever counts words is the one to be the next generation: nobody waits for two others."""


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A word of a question: how many passages hold it, and what it adds to the rank of each."""

    lexeme: str
    n_passages: int
    idf: float


def search(
    connection: sa.Connection, terms: Sequence[str], k: int, within: frozenset[str] | None
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


def lexeme_of(term: str) -> str:
    """Return what a word of a question is in the index."""
    return _stem([term])[0]


def vector_of(context: str, text: str) -> dict[str, str | int]:
    """Return the words of a passage as a `tsvector` is written, and how many there are.

    Words of the text have the weight A, and come first; those of the context have D. A word with an inner
    point, comma or underscore is there as a whole and in its pieces, of which alone the length is counted.
    """
    places: dict[str, list[str]] = {}
    length = 0
    for part, weight in ((text, "A"), (context, "")):
        for word, pieces in _words(part):
            for each in {word, *pieces}:
                places.setdefault(each, []).append(f"{min(length + 1, _LAST_PLACE)}{weight}")
            length += len(pieces)
    written = " ".join(f"{_quoted(each)}:{','.join(at[:_MOST_PLACES])}" for each, at in places.items())
    return {"words": written, "length": length}


def _words(text: str) -> Iterable[tuple[str, list[str]]]:
    """Yield the stem of each word, and those of its pieces: itself, where it has no others."""
    found = words(text)
    for word, stemmed in zip(found, _stem(found), strict=True):
        pieces = _PIECE.findall(word)
        yield stemmed, [stemmed] if pieces == [word] else _stem(pieces)


def _stem(each: Sequence[str]) -> list[str]:
    return [(stemmed or word)[:_LONGEST] for word, stemmed in zip(each, stem(each), strict=True)]


def _quoted(lexeme: str) -> str:
    """Return a word as `tsvector` and `tsquery` read it, in which nothing is an operator."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


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
        "gates": " | ".join(_quoted(each.lexeme) for each in gates),
        "weights": [CONTEXT_WEIGHT, 1.0, 1.0, 1.0],
        "flat": K1 * (1 - B),
        "slope": K1 * B / mean,
        "k": k,
        "most": FLOOD,
    }
    for i, each in enumerate(known):
        values |= {f"word{i}": _quoted(each.lexeme), f"idf{i}": each.idf * (K1 + 1)}
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
