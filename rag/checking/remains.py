"""What can still be read of a damaged catalogue: row by row, and around what cannot."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

Row = dict[str, Any]

COLUMNS = {
    "documents": "id, uri, title, media_type, sha256, n_chars, n_pages, n_passages, added_at, status, error",
    "texts": "document_id, text, pages",
    "passages": 'n, id, document_id, start, "end", page, headings, context, text',
    "vectors": "n, id, vector",
}

_AHEAD = 100_000
"""Rows that are tried one by one beyond the last that could be read, where no more is known."""

_FARTHEST = 10 * _AHEAD
"""The same where the last is known, which may be damaged as well."""

_ERRORS = (sqlite3.Error, MemoryError)
"""What SQLite makes of damage; a length that is damaged may be beyond all memory."""


class Remains:
    """The rows of a damaged catalogue, by the numbers that SQLite gives them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Find out which rows there are; `connection` is to a copy that nobody else uses."""
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA writable_schema=ON")  # else a file cut short is not read at all
        connection.execute("PRAGMA cell_size_check=ON")
        self._connection = connection
        self.facts = {
            row["key"]: row["value"]
            for row in self._scan("meta", "key, value")
            if isinstance(row["key"], str) and isinstance(row["value"], str)
        }
        self.documents = {
            row.pop("number"): row
            for row in self._scan("documents", COLUMNS["documents"])
            if isinstance(row["id"], str)  # else it is no row of ours, and the names tell what is lost
        }
        self._texts: dict[str, list[int]] = defaultdict(list)
        for row in self._scan("texts", "document_id"):
            self._texts[row["document_id"]].append(row["number"])
        self._passages: dict[str, list[int]] = defaultdict(list)
        for row in self._scan("passages", "document_id"):
            self._passages[row["document_id"]].append(row["number"])

    def names(self) -> dict[int, str]:
        """Return the uris of documents by their numbers, as an index of the table has them."""
        found: dict[int, str] = {}
        try:
            query = "SELECT rowid AS number, uri FROM documents INDEXED BY sqlite_autoindex_documents_2"
            for row in self._connection.execute(query):
                if isinstance(row["uri"], str):
                    found.setdefault(row["number"], row["uri"])
        except _ERRORS:
            pass  # the rest has no names
        return found

    def vector_bytes(self) -> int:
        """Return how long most vectors are; 0 where there is none."""
        lengths = Counter(row["bytes"] for row in self._scan("vectors", "length(vector) AS bytes"))
        return lengths.most_common(1)[0][0] if lengths else 0

    def text(self, document_id: str) -> Row | None:
        """Return the text of a document; None where there is not exactly one, or it cannot be read."""
        numbers = self._texts.get(document_id, [])
        return self._row("texts", numbers[0]) if len(numbers) == 1 else None

    def has_text(self, document_id: str) -> bool:
        """Return whether there is a text of a document, readable or not."""
        return document_id in self._texts

    def passages(self, document_id: str) -> list[tuple[Row | None, Row | None]]:
        """Return a document's passages with their vectors; None for each that cannot be read."""
        numbers = sorted(set(self._passages.get(document_id, [])))
        return [(self._row("passages", n), self._row("vectors", n)) for n in numbers]

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the rows of another table that can be read; none where an older version had no such table."""
        names = ", ".join(f'"{name}"' for name in columns)
        try:
            self._connection.execute(f"SELECT {names} FROM {table} LIMIT 0")  # noqa: S608 - names
        except _ERRORS:
            return
        for row in self._scan(table, names):
            del row["number"]
            yield row

    def ownerless(self) -> set[str]:
        """Return the ids of documents of which only parts are left; what is no id by its look is none."""
        known = {row["id"] for row in self.documents.values()}
        lengths = {len(each) for each in known}
        left = {each for each in (*self._texts, *self._passages) if isinstance(each, str)} - known
        return {each for each in left if each.isalnum() and (not lengths or len(each) in lengths)}

    def _row(self, table: str, number: int) -> Row | None:
        try:
            query = f"SELECT {COLUMNS[table]} FROM {table} NOT INDEXED WHERE rowid = ?"  # noqa: S608 - names
            rows = self._connection.execute(query, (number,)).fetchall()
        except _ERRORS:
            return None
        return dict(rows[0]) if len(rows) == 1 else None

    def _scan(self, table: str, columns: str) -> Iterator[Row]:
        """Yield the rows of a table that can be read, in order, each once."""
        query = f"SELECT rowid AS number, {columns} FROM {table} NOT INDEXED WHERE rowid >= ? ORDER BY rowid"  # noqa: S608 - names
        seen: set[int] = set()
        at = 0
        while True:
            try:
                for row in self._connection.execute(query, (at,)):
                    at = max(at, row["number"] + 1)
                    if row["number"] not in seen:
                        seen.add(row["number"])
                        yield dict(row)
                return
            except _ERRORS:  # Python reads a row ahead, so that the one before the damage is not out yet
                found = self._next(table, query, at)
            if found is None:
                return
            at = max(at, found["number"]) + 1
            if found["number"] not in seen:
                seen.add(found["number"])
                yield dict(found)

    def _next(self, table: str, query: str, at: int) -> sqlite3.Row | None:
        """Return the first row from number `at` on that can be read; None where there is no such."""
        try:
            [last] = self._connection.execute(f"SELECT max(rowid) FROM {table} NOT INDEXED").fetchone()  # noqa: S608 - a name
        except _ERRORS:
            last = None
        for number in range(at, at + _AHEAD if last is None else min(last + 1, at + _FARTHEST)):
            try:
                found: sqlite3.Row | None = self._connection.execute(f"{query} LIMIT 1", (number,)).fetchone()
            except _ERRORS:
                continue
            return found
        return None
