"""Which processes serve a library now: each says so again and again, and who falls silent is gone.

What a process that is gone has begun, another one takes over.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import FootnoteError
from rag.people.clock import Seconds
from rag.storage.tables import processes

BEAT_S = 2.0
"""Seconds between two signs of life."""

SILENT_S = 10.0
"""Seconds without one after which a process counts as gone."""

_LOG = logging.getLogger(__name__)


class Presence:
    """This process among those that serve a library."""

    def __init__(self, catalog: Catalog) -> None:
        """Take a name; nobody knows of it before `beat`."""
        self.name = secrets.token_hex(8)
        self._catalog = catalog
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, *works: Callable[[], None]) -> None:
        """Give the first sign of life, and go on until `stop`.

        As often `works` are done, which take over from others; each in a thread, so that it delays no sign.
        """
        self.beat()
        for work in (self.beat, *works):
            thread = threading.Thread(target=self._go_on, args=(work,), name="presence", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Be gone, at once: nobody has to wait until this process falls silent."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        with self._catalog.transaction(write=True) as connection:
            connection.execute(processes.delete().where(processes.c.name == self.name))

    def beat(self) -> None:
        """Give a sign of life, and forget who was silent for long.

        Raises:
            StorageError: the database is away.
        """
        here = processes.c.name == self.name
        ends_at = Seconds() + SILENT_S
        with self._catalog.transaction(write=True) as connection:
            if not connection.execute(processes.update().where(here).values(ends_at=ends_at)).rowcount:
                connection.execute(processes.insert().values(name=self.name, ends_at=ends_at))
        with self._catalog.transaction(write=True) as connection:
            connection.execute(processes.delete().where(processes.c.ends_at < Seconds() - SILENT_S))

    def _go_on(self, work: Callable[[], None]) -> None:
        while not self._stopping.wait(BEAT_S):
            try:
                work()
            except FootnoteError as error:
                _LOG.warning("no sign of life, or nothing taken over: %s", error)
            except Exception:  # the border of a thread: the next sign of life must come
                _LOG.exception("no sign of life, or nothing taken over")


def is_gone(process: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return whether a column names a process, and one that is gone."""
    there = sa.select(processes.c.name).where(processes.c.ends_at >= Seconds())
    return (process != "") & process.not_in(there)
