"""A catalogue that this user may only read: in a read-only place, or of another user.

SQLite reads a database with a log only where it may write beside it. One that was closed is a single file,
and is opened as a file that nobody changes; whether that holds is looked at before and after each reading.
One in use is read by way of its writer's log.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from rag.errors import LibraryInUse, StorageError
from rag.storage.schema import reading_engine

State = tuple[int, ...]
"""What tells one version of a closed catalogue from another; empty while its writer has a log beside it."""


def may_write(path: Path) -> bool:
    """Return whether this user may change the catalogue at `path`."""
    return os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)


def refused(folder: Path) -> StorageError:
    """Return the error for an attempt to write."""
    return StorageError(f"no permission to write to the library {folder}: check who owns the folder")


def state(path: Path) -> State:
    """Return the state of a catalogue that may only be read.

    Raises:
        StorageError: its last writer did not close it, and left too little to read it by.
    """
    log, shared = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))
    try:
        has_log = log.stat().st_size > 0
    except FileNotFoundError:
        has_log = False
    if not has_log:
        found = path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns
    if not (os.access(log, os.R_OK) and os.access(shared, os.R_OK)):
        raise StorageError(
            f"the library {path.parent} was not closed by its last writer, and may only be read here: "
            "run 'footnote list' on it once where it may be written"
        )
    return ()


def query(state: State) -> dict[str, str]:
    """Return how SQLite opens a catalogue in this state, as the parameters of its address."""
    return {"mode": "ro", "immutable": "1"} if state else {"mode": "ro"}


@contextmanager
def unchanged(path: Path) -> Iterator[State]:
    """Make sure that a closed catalogue stays as it is meanwhile; yields its state.

    Raises:
        LibraryInUse: it did not; what was read of it may be of two versions.
        StorageError: as `state` does.
    """
    before = state(path)
    yield before
    if before and state(path) != before:
        raise LibraryInUse(f"the library {path.parent} was changed meanwhile: try again in a moment")


class Reader:
    """Reads a catalogue that this user may only read, as it is at each transaction. Safe for threads."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path
        self._mutex = threading.Lock()
        self._seen: State | None = None
        self._engine: sa.Engine | None = None

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Read in one transaction.

        Raises:
            LibraryInUse: the catalogue was changed meanwhile.
            StorageError: its last writer did not close it.
        """
        with unchanged(self._path) as now, self._opened(now).begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Give the file back."""
        with self._mutex:
            if self._engine is not None:
                self._engine.dispose()
            self._seen = self._engine = None

    def _opened(self, now: State) -> sa.Engine:
        with self._mutex:
            if self._engine is None or self._seen != now:
                if self._engine is not None:
                    self._engine.dispose()
                self._engine, self._seen = reading_engine(self._path, query(now)), now
            return self._engine
