"""A catalogue's file as SQLite sees it: opened apart from the library, read back, made small."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from rag.progress import Tick
from rag.storage import read_only

"""Called with what is done and the whole, in units of the work at hand."""

_BUSY_S = 10.0
_PAGES_AT_ONCE = 1000
_CHANGING = ("backup", "generation", "index", "index-served")
"""Facts of the `meta` table that differ between a library and a backup of it."""


@contextmanager
def opened(path: Path, *, create: bool = False) -> Iterator[sqlite3.Connection]:
    """Open a database for a while; statements commit by themselves unless a transaction is begun."""
    mode = "rwc" if create else "rw"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_BUSY_S)
    yield from _closing(connection)


@contextmanager
def opened_still(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that nobody changes, read-only; no other file is made beside it."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    yield from _closing(sqlite3.connect(uri, uri=True))


@contextmanager
def opened_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a catalogue that others may use, to read it; where it may only be read as well.

    Raises:
        LibraryInUse: it may only be read, and was changed meanwhile.
        StorageError: it may only be read, and its last writer did not close it.
    """
    if read_only.may_write(path):
        with opened(path) as connection:
            yield connection
        return
    with read_only.unchanged(path) as state:
        uri = f"{path.absolute().as_uri()}?{urlencode(read_only.query(state))}"
        yield from _closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_S))


def _closing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.isolation_level = None
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Let a connection see the database as it is now, whatever others write meanwhile."""
    connection.execute("BEGIN")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield
    finally:
        connection.execute("ROLLBACK")


def integrity(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLite's own check finds wrong, at most 100 lines."""
    try:
        lines = [str(line) for (line,) in connection.execute("PRAGMA integrity_check")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [line for line in lines if line != "ok"]


def digest(connection: sqlite3.Connection, tick: Tick | None = None) -> str:
    """Return the SHA-256 of everything that a catalogue holds, in rows; the lexical index is derived."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' "
        "AND name NOT LIKE 'passage!_index%' ESCAPE '!' AND name != 'meta' ORDER BY name"
    ).fetchall()
    seen = hashlib.sha256()
    total = sum(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names)  # noqa: S608 - names of tables
    done = 0
    factory, connection.text_factory = connection.text_factory, bytes
    try:
        marks = ", ".join("?" * len(_CHANGING))
        facts = f"SELECT key, value FROM meta WHERE key NOT IN ({marks}) ORDER BY key"  # noqa: S608 - marks
        for row in connection.execute(facts, _CHANGING):
            _take(seen, row)
        for (name,) in names:
            _take(seen, (name,))
            for row in connection.execute(f'SELECT * FROM "{name}" ORDER BY rowid'):  # noqa: S608 - as above
                _take(seen, row)
                done += 1
                if tick and done % _PAGES_AT_ONCE == 0:
                    tick(done, total)
    finally:
        connection.text_factory = factory
    return seen.hexdigest()


def _take(seen: hashlib._Hash, row: tuple[object, ...]) -> None:
    for value in row:
        data = value if isinstance(value, bytes) else repr(value).encode()
        seen.update(f"{type(value).__name__}:{len(data)}:".encode())
        seen.update(data)


def copy(source: sqlite3.Connection, target: sqlite3.Connection, tick: Tick | None = None) -> None:
    """Copy a database over another in one transaction, by SQLite's backup."""

    def move(_status: int, remaining: int, total: int) -> None:
        if tick:
            tick(total - remaining, total)

    source.backup(target, pages=_PAGES_AT_ONCE, progress=move)


def shrink(path: Path) -> bool:
    """Write the database anew without what was deleted, and empty its log; return whether the log is empty.

    A log is not emptied while another process still reads from it.
    """
    with opened(path) as connection:
        unseal(connection)
        connection.execute("VACUUM")
        return empty_log(connection)


def empty_log(connection: sqlite3.Connection) -> bool:
    """Move what the log holds into the database; return whether the log is empty."""
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def flush(path: Path) -> None:
    """Make a file, or the names in a folder, safe on disk.

    Never a database that this process has open: closing the file would drop SQLite's locks on it.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unseal(connection: sqlite3.Connection) -> None:
    """Take the seal away from a database that is, or was copied from, a catalogue; see `rag.storage.seal`."""
    connection.execute("PRAGMA user_version=0")
