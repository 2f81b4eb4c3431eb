"""The transactions of a catalogue, whichever engine it stands on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from rag.errors import CatalogUnavailable, StorageError
from rag.storage.sqlite_store import SqliteStore
from rag.storage.store import Lexical, Store

PATIENCE_S = 20.0
"""Seconds that a change waits for a server that is away."""

T = TypeVar("T")


class Database:
    """The rows of a library, read and written in transactions. Safe for threads."""

    def __init__(self, folder: Path, *, create: bool = False, url: str | None = None) -> None:
        """Open the catalogue of the library in `folder`: its SQLite file, or the PostgreSQL server at `url`.

        Raises:
            LibraryMissing: there is none and `create` is False.
            LibraryDamaged: the file is not a readable database, or not as it was left.
            StorageError: the folder cannot be used.
            CatalogUnavailable: the server cannot be reached.
            CatalogRefused: it refuses the login, or cannot be used.
            MissingExtra: the server's driver is not installed.
        """
        self.folder = folder
        self._store = _store(folder, url, create=create)
        self._thread = threading.local()

    @property
    def place(self) -> str:
        """What errors call the library by."""
        return self._store.place

    @property
    def shared(self) -> bool:
        """Whether several processes may write at once."""
        return self._store.shared

    @property
    def read_only(self) -> bool:
        """Whether this user may not change it."""
        return self._store.read_only

    @property
    def lexical(self) -> Lexical:
        """The lexical index."""
        return self._store.lexical

    def refusal(self) -> StorageError:
        """Return the error for an attempt to write where this user may only read."""
        return self._store.refusal()

    def close(self, *, sealing: bool = False) -> None:
        """Give everything back; `sealing` is whether this is the one writer."""
        self._store.close(sealing=sealing)

    def alone(self, purpose: str) -> AbstractContextManager[None]:
        """Keep all others from changing documents meanwhile; on SQLite the one writer does so.

        Raises:
            LibraryInUse: others are at it all the time, or somebody has it alone.
        """
        return self._store.alone(purpose)

    def claim(self, connection: sa.Connection, *names: str) -> None:
        """Let nobody else change what has these names until the transaction ends; see `Store.claim`.

        Raises:
            LibraryInUse: somebody has the library alone, or does not end with one of them.
        """
        self._store.claim(connection, names)

    def unseal(self) -> None:
        """Prepare for the first change."""
        self._store.unseal()

    def compact(self) -> bool:
        """Leave nothing of what was deleted; return whether that is so, or a reader is in the way.

        Raises:
            LibraryInUse: another process reads all the time.
            StorageError: there is no room for a second catalogue meanwhile.
        """
        return self._store.compact()

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[sa.Connection]:
        """Run statements as one; after an error nothing of them is left.

        Raises:
            StorageError: it is to be written, and this user may not.
        """
        with self._store.translated(), self._store.begin(write=write) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads of this thread see the library as it is at the first of them."""
        if getattr(self._thread, "connection", None) is not None:  # it does already
            yield
            return
        with ExitStack() as stack:
            with self._store.translated():
                connection = stack.enter_context(self._store.begin(write=False))
            self._thread.connection = connection
            try:
                yield
            finally:
                del self._thread.connection

    @contextmanager
    def _nested(self, connection: sa.Connection) -> Iterator[sa.Connection]:
        with self._store.translated():
            yield connection

    def _persistently(self, work: Callable[[], T]) -> T:
        """Do what may be done twice, again while the server is away for a moment: it may be restarting.

        Raises:
            CatalogUnavailable: it does not come back.
        """
        until = time.monotonic() + PATIENCE_S
        pause = 0.1
        while True:
            try:
                return work()
            except CatalogUnavailable:
                if time.monotonic() + pause > until:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 2.0)

    def _read(self) -> AbstractContextManager[sa.Connection]:
        held: sa.Connection | None = getattr(self._thread, "connection", None)
        return self.transaction(write=False) if held is None else self._nested(held)

    def _write(self) -> AbstractContextManager[sa.Connection]:
        return self.transaction(write=True)


def _store(folder: Path, url: str | None, *, create: bool) -> Store:
    if url is None:
        return SqliteStore(folder, create=create)
    from rag.storage.postgres_store import PostgresStore

    return PostgresStore(folder, url, create=create)
