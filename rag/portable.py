"""What statements say in one way on SQLite and in another on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa


def insert_absent(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless the key is there; return whether it was inserted."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite as dialect
    else:
        from sqlalchemy.dialects import postgresql as dialect  # type: ignore[no-redef]
    return bool(connection.execute(dialect.insert(table).values(values).on_conflict_do_nothing()).rowcount)
