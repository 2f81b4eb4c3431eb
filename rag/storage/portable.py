"""What statements say in one way on SQLite and in another on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


def insert_absent(
    connection: sa.Connection, table: sa.Table, values: Mapping[str, Any] | sa.Select[Any]
) -> bool:
    """Insert a row, or the rows of a query, unless the key is there; return whether any was inserted.

    A query gives the columns of the table's key, in their order.
    """
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite as dialect
    else:
        from sqlalchemy.dialects import postgresql as dialect  # type: ignore[no-redef]
    new = dialect.insert(table)
    if isinstance(values, sa.Select):
        new = new.from_select(list(table.primary_key), values)
    else:
        new = new.values(dict(values))
    inserted = connection.execute(new.on_conflict_do_nothing(), execution_options={"preserve_rowcount": True})
    return inserted.rowcount > 0


class _Among(sa.sql.functions.FunctionElement[bool]):
    inherit_cache = True
    type = sa.Boolean()


def among(column: sa.ColumnElement[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return whether a column is one of any number of values, which go as one parameter."""
    return _Among(column, sa.literal(json.dumps(sorted(values)), sa.String))


@compiles(_Among, "sqlite")
def _among_sqlite(element: _Among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - compiled


@compiles(_Among, "postgresql")
def _among_postgresql(element: _Among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY(ARRAY(SELECT json_array_elements_text(CAST({values} AS json))))"


class TurnNumber(sa.sql.functions.FunctionElement[int]):
    """The number of a row of `turns`: those that came later have higher ones."""

    inherit_cache = True
    type = sa.BigInteger()


@compiles(TurnNumber, "sqlite")
def _number_sqlite(_element: TurnNumber, _compiler: Any, **_options: Any) -> str:
    return "turns.rowid"


@compiles(TurnNumber, "postgresql")
def _number_postgresql(_element: TurnNumber, _compiler: Any, **_options: Any) -> str:
    return "turns.n"


def alone(connection: sa.Connection, name: str) -> None:
    """Let nobody else do what is called so until this transaction ends; SQLite has one writer at a time."""
    if connection.dialect.name != "sqlite":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))
