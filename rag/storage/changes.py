"""What each generation did to the passages, noted on PostgreSQL for the indexes of other processes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from rag.storage.store import News

KEPT_CHANGES = 10_000
"""Generations that an index may be behind and still follow; beyond, it is made again."""

TABLE = "CREATE TABLE changes (generation BIGINT PRIMARY KEY, removed JSON NOT NULL, added JSON NOT NULL)"
"""How its table is made."""


def note(connection: sa.Connection, generation: int, removed: Sequence[str], added: Sequence[str]) -> None:
    """Note what the change to this generation did to the passages."""
    connection.execute(
        sa.text("INSERT INTO changes VALUES (:generation, CAST(:removed AS json), CAST(:added AS json))"),
        {
            "generation": generation,
            "removed": json.dumps(list(removed)),
            "added": json.dumps(list(added)),
        },
    )
    if generation % 100 == 0:
        old = sa.text("DELETE FROM changes WHERE generation <= :last")
        connection.execute(old, {"last": generation - KEPT_CHANGES})


def news(connection: sa.Connection, since: int) -> News | None:
    """Return what became of the passages since a generation; None where that is not known any more."""
    query = sa.text("SELECT removed, added FROM changes WHERE generation > :since ORDER BY generation")
    now = sa.text("SELECT CAST(value AS bigint) FROM meta WHERE key = 'generation'")
    generation = int(connection.scalar(now) or 0)
    rows = connection.execute(query, {"since": since}).all()
    if since + len(rows) != generation:
        return None
    removed: dict[str, None] = {}
    added: dict[str, None] = {}
    for gone, came in rows:
        for each in gone:
            if each not in added:
                removed[each] = None
            added.pop(each, None)
        added |= dict.fromkeys(came)
    return News(generation, tuple(removed), tuple(added))
