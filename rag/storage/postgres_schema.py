"""The tables of a catalogue on PostgreSQL: those of `rag.storage.tables`, and what this engine needs more."""

from __future__ import annotations

import sqlalchemy as sa

from rag.storage import changes, tables, tsvector
from rag.storage.schema import SCHEMA_VERSION

NUMBERED = {"passages", "vectors", "next_vectors"}
"""Tables whose `n` is the number of a passage."""


def shared_metadata() -> sa.MetaData:
    """Return the tables as PostgreSQL has them.

    Texts compare as their bytes do, as on SQLite; numbers of passages are large, and none is given twice, not
    even after a rollback; turns have a number, as rows of SQLite do.
    """
    made = sa.MetaData()
    for table in tables.metadata.sorted_tables:
        copied = table.to_metadata(made)
        for column in copied.columns:
            if isinstance(column.type, sa.String):
                column.type = type(column.type)(collation="C")
        if table.name in NUMBERED:
            copied.c.n.type = sa.BigInteger()
    made.tables["passages"].append_column(
        sa.Column("n", sa.BigInteger, sa.Identity(always=True), primary_key=True), replace_existing=True
    )
    made.tables["turns"].append_column(sa.Column("n", sa.BigInteger, sa.Identity(always=True), unique=True))
    return made


def create(connection: sa.Connection) -> None:
    """Make an empty catalogue in this transaction; the caller keeps others from doing so."""
    shared_metadata().create_all(connection)
    for statement in (*tsvector.TABLES, changes.TABLE):
        connection.exec_driver_sql(statement)
    facts = {"schema_version": str(SCHEMA_VERSION), "generation": "0"}
    connection.execute(tables.meta.insert(), [{"key": key, "value": value} for key, value in facts.items()])
