"""A backup: the catalogue in one file, made while others write, and read back before it counts.

It is an SQLite file with a note of what it holds: when it was made, and a digest of all rows. The dense index
is not in it; it is made again.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.errors import BackupError, LibraryIncompatible, StorageError
from rag.progress import Progress, Tick
from rag.settings import Settings
from rag.storage import sqlite_files
from rag.storage.partial import abandoned, partial
from rag.storage.schema import SCHEMA_VERSION, translated

"""Called with a stage in words, and how much of it is done of how much."""

_MARK = 0x464E5442
"""Application id in the header of a backup: FNTB."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds; `digest` is that of all its rows."""

    made_at: str
    schema_version: int
    n_documents: int
    n_passages: int
    digest: str

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, ready for JSON."""
        return asdict(self)


def write_backup(source: Path, file: Path, progress: Progress = lambda *_: None) -> Backup:
    """Back the catalogue in the file `source` up to `file`, which appears only when it was read back.

    Args:
        source: the catalogue; others may read and write it meanwhile. The backup holds it as it was when
            this began.
        file: an earlier backup there is replaced.
        progress: called from time to time.

    Raises:
        BackupError: there is another file in that place, or what was written does not read back.
        LibraryDamaged: the catalogue is not readable.
        StorageError: there is no space or no permission.
    """
    _check_place(file)
    for left in abandoned(file.parent, file.name):
        with suppress(OSError):
            left.unlink()
    with storing(file), partial(file) as made:
        with translated(source.parent), storing(file), sqlite_files.opened_to_read(source) as connection:
            backup = _write(connection, made, progress)
        if read_backup(made, progress) != backup:
            raise BackupError(f"the backup {file} did not read back as it was written: check the disk")
        sqlite_files.flush(made)
        os.replace(made, file)
        sqlite_files.flush(file.parent)
    return backup


def read_backup(file: Path, progress: Progress = lambda *_: None) -> Backup:
    """Return what a backup holds, after reading all of it.

    Raises:
        BackupError: it is no backup of Footnote's, or a damaged one.
        LibraryIncompatible: a newer version made it.
        StorageError: it cannot be read.
    """
    if not file.is_file():
        what = "is not a file" if file.exists() else "is not there"
        raise BackupError(f"{file} {what}: name a file that 'footnote backup' wrote")
    with storing(file), file.open("rb") as data:
        data.read(1)
    try:
        with sqlite_files.opened_still(file) as connection:
            backup = _note(connection, file)
            progress("checking the backup", 0, 0)
            wrong = sqlite_files.integrity(connection)
            held = not wrong and _held(
                connection, backup.made_at, lambda *n: progress("reading the backup back", *n)
            )
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{file} is damaged ({error}): use another backup") from error
    if wrong or held != backup:
        why = wrong[0] if wrong else "its content has changed since it was made"
        raise BackupError(f"{file} is damaged ({why}): use another backup")
    return backup


def _write(source: sqlite3.Connection, made: Path, progress: Progress) -> Backup:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with sqlite_files.snapshot(source), sqlite_files.opened(made) as target:
        backup = _held(source, now, lambda *n: progress("reading the library", *n))
        sqlite_files.copy(source, target, lambda *n: progress("copying", *n))
        target.execute("PRAGMA journal_mode=DELETE")  # one file, with no log beside it
        target.execute(f"PRAGMA application_id={_MARK}")
        sqlite_files.unseal(target)
        target.execute("DELETE FROM meta WHERE key IN ('backup', 'index', 'index-served')")
        target.execute("INSERT INTO meta(key, value) VALUES ('backup', ?)", (json.dumps(backup.to_dict()),))
    return backup


def _held(connection: sqlite3.Connection, made_at: str, tick: Tick) -> Backup:
    """Return what a catalogue holds now."""
    [version] = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    [documents] = connection.execute("SELECT count(*) FROM documents").fetchone()
    [passages] = connection.execute("SELECT count(*) FROM passages").fetchone()
    return Backup(made_at, int(version), documents, passages, sqlite_files.digest(connection, tick))


def _note(connection: sqlite3.Connection, file: Path) -> Backup:
    """Return what a backup says of itself."""
    if connection.execute("PRAGMA application_id").fetchone() != (_MARK,):
        raise BackupError(f"{file} is not a backup of a library: name a file that 'footnote backup' wrote")
    try:
        [note] = connection.execute("SELECT value FROM meta WHERE key = 'backup'").fetchone()
        backup = Backup(**json.loads(note))
    except (TypeError, ValueError) as error:
        raise BackupError(f"{file} is damaged (its note is not readable): use another backup") from error
    if backup.schema_version > SCHEMA_VERSION:
        raise LibraryIncompatible(
            f"the backup {file} has schema {backup.schema_version} of a newer Footnote, this one reads "
            f"{SCHEMA_VERSION}: update Footnote"
        )
    return backup


def _check_place(file: Path) -> None:
    """Make sure that nothing but an earlier backup is replaced."""
    if not file.exists() or (file.is_file() and not file.stat().st_size):
        return
    mark = None
    if file.is_file():
        with suppress(sqlite3.Error), sqlite_files.opened_still(file) as connection:
            mark = connection.execute("PRAGMA application_id").fetchone()
    if mark != (_MARK,):
        raise BackupError(f"{file} is there and not a backup: name another file, or remove it first")


def require_file(settings: Settings) -> None:
    """Refuse to back up or restore a catalogue that is no file.

    Raises:
        BackupError: it is on PostgreSQL, which has programs of its own for that.
    """
    if settings.catalog is not None:
        raise BackupError(
            f"the catalogue is on PostgreSQL: back it up by 'pg_dump --format=custom --file FILE "
            f"{settings.place}', and bring it back by 'pg_restore'"
        )


@contextmanager
def storing(file: Path) -> Iterator[None]:
    """Turn the errors of the disk under `file` into Footnote's own."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"cannot use {file}: {error.strerror or error}") from error
    except sqlite3.Error as error:
        if "disk is full" in str(error):
            raise StorageError(f"no space left for {file}: free some and run it again") from error
        raise
