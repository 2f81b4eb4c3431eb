"""Rows that this process alone keeps, and only while it runs: a database in memory."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import sqlalchemy as sa

from rag.storage.tables import metadata


class Transactions(Protocol):
    """What rows are kept in: the catalogue, or `Passing`."""

    def transaction(self, *, write: bool) -> AbstractContextManager[sa.Connection]:
        """Run statements as one; after an error nothing of them is left."""


class Passing:
    """Some of the catalogue's tables, empty at first. Safe for threads, which wait for each other."""

    def __init__(self, tables: Sequence[sa.Table]) -> None:
        """Make the tables."""
        self._engine = sa.create_engine(
            "sqlite://", poolclass=sa.pool.StaticPool, connect_args={"check_same_thread": False}
        )
        self._mutex = threading.RLock()
        metadata.create_all(self._engine, tables=tables)
        weakref.finalize(self, self._engine.dispose)

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[sa.Connection]:
        """Run statements as one; after an error nothing of them is left."""
        with self._mutex, self._engine.connect() as connection:
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            (connection.commit if write else connection.rollback)()
