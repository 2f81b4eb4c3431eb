"""A backup becomes a library again: checked first, put in place in one step, read back at the end."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

from rag.catalog import FILE, Catalog
from rag.dense.index_records import SERVED, forgotten
from rag.errors import BackupError, LibraryDamaged, LibraryIncompatible, LibraryMissing, StorageError
from rag.maintenance.backup import Backup, read_backup, write_backup
from rag.progress import Progress
from rag.storage import page_sums, sqlite_files
from rag.storage.lock import WriterLock
from rag.storage.partial import partial
from rag.storage.schema import translated
from rag.storage.sqlite_store import DAMAGED

ASIDE = "catalogue-replaced.sqlite3"
"""The library that is replaced, as a backup, until the restored one was read back."""

_LOGS = ("", "-wal", "-shm")
_log = logging.getLogger(__name__)


def restore(
    file: Path, folder: Path, *, replace: bool = False, progress: Progress = lambda *_: None
) -> Backup:
    """Make the library in `folder` what the backup in `file` holds; its index is made at the next opening.

    Args:
        file: what `write_backup` wrote.
        folder: made if need be.
        replace: put it in the place of what the library holds.
        progress: called from time to time.

    Raises:
        BackupError: the file is no backup, or a damaged one.
        LibraryIncompatible: a newer version made it.
        LibraryInUse: another process writes to the library.
        StorageError: the library is not empty and `replace` is False; or the folder cannot be used.
    """
    backup = read_backup(file, progress)
    with translated(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = WriterLock(folder)
    lock.acquire("footnote restore")
    try:
        n_documents = _documents_in(folder)
        if n_documents and not replace:
            held = f"holds {n_documents} documents" if n_documents > 0 else "cannot be read"
            raise StorageError(
                f"the library {folder} {held}: put the backup in its place with --replace, "
                "or restore to another folder with --library DIR"
            )
        with translated(folder), partial(folder / FILE) as staged:
            _stage(file, staged)
            page_sums.forget(folder / FILE)
            _put(staged, folder, backup, n_documents, progress)
    finally:
        lock.release()
    return backup


def _documents_in(folder: Path) -> int:
    """Return how many documents a library holds: none where there is none, -1 where it cannot be read."""
    try:
        catalog = Catalog(folder)
    except LibraryMissing:
        return 0
    except (LibraryDamaged, LibraryIncompatible):
        return -1
    try:
        return len(catalog.documents())
    except LibraryDamaged:
        return -1
    finally:
        catalog.close()


def _stage(file: Path, staged: Path) -> None:
    """Copy a backup without what makes it a backup."""
    shutil.copyfile(file, staged)
    with sqlite_files.opened(staged) as connection:
        connection.execute("DELETE FROM meta WHERE key IN ('backup', 'index', 'index-served')")
        connection.execute("PRAGMA application_id=0")
        sqlite_files.unseal(connection)
    sqlite_files.flush(staged)


def _put(staged: Path, folder: Path, backup: Backup, n_documents: int, progress: Progress) -> None:
    live, aside = folder / FILE, folder / ASIDE
    kept = _keep(live, aside, progress) if n_documents > 0 else None
    if n_documents < 0 or (n_documents and not kept) or not live.exists():
        damaged = set_aside(folder)
        if damaged.exists():
            _log.warning("what could not be read is kept in %s", damaged)
        os.replace(staged, live)
        sqlite_files.flush(folder)
        _check(live, backup, progress)
        return
    _outnumber(staged, live)
    try:
        _overwrite(staged, live, progress)
    except (sqlite3.Error, OSError):
        with suppress(BackupError):
            if kept:
                _check(live, kept, progress)
                aside.unlink()
        raise
    try:
        _check(live, backup, progress)
    except BackupError:
        if kept:
            _stage(aside, staged)
            _overwrite(staged, live, progress)
        raise
    aside.unlink(missing_ok=True)


def _keep(live: Path, aside: Path, progress: Progress) -> Backup | None:
    """Back up the library that is to be replaced; None where it cannot be read."""
    try:
        return write_backup(live, aside, progress)
    except (BackupError, LibraryDamaged):
        return None


def set_aside(folder: Path) -> Path:
    """Keep a damaged catalogue, or what is left of one, under another name, which is returned.

    Its file stays in its place as well, for the next one to take that in one step; its log does not.
    """
    number = 1
    while any(folder.glob(f"{DAMAGED.format(number)}*")):
        number += 1
    name = DAMAGED.format(number)
    for log in _LOGS:
        file, kept = folder / f"{FILE}{log}", folder / f"{name}{log}"
        if file.exists():
            _link_or_move(file, kept)
    for log in _LOGS[1:]:
        (folder / f"{FILE}{log}").unlink(missing_ok=True)
    return folder / name


def _link_or_move(file: Path, to: Path) -> None:
    try:
        os.link(file, to)
    except OSError:  # a file system without hard links
        os.replace(file, to)


def _outnumber(staged: Path, live: Path) -> None:
    """Give the restored catalogue a generation that the replaced one never had: processes go by it.

    It also keeps the name by which the library is known on a Chroma server, so that its old index goes there.
    """
    with sqlite_files.opened(live) as old, sqlite_files.opened(staged) as new:
        generations = [
            int(connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0])
            for connection in (old, new)
        ]
        new.execute("UPDATE meta SET value = ? WHERE key = 'generation'", (str(max(generations) + 1),))
        for (served,) in old.execute("SELECT value FROM meta WHERE key = ?", (SERVED,)).fetchall():
            new.execute("INSERT INTO meta(key, value) VALUES (?, ?)", (SERVED, forgotten(served)))


def _overwrite(source: Path, live: Path, progress: Progress) -> None:
    """Replace the content of the catalogue in one transaction; whoever reads it goes on with the old one."""
    with sqlite_files.opened(source) as new, sqlite_files.opened(live) as old:
        old.execute("PRAGMA synchronous=FULL")
        sqlite_files.unseal(old)
        sqlite_files.copy(new, old, lambda *n: progress("putting it in place", *n))
        with suppress(sqlite3.Error):  # it is in place: where there is no room, its log is emptied later
            sqlite_files.empty_log(old)


def _check(live: Path, backup: Backup, progress: Progress) -> None:
    """Make sure that the library holds what the backup held."""
    progress("checking the library", 0, 0)
    try:
        with sqlite_files.opened(live) as connection:
            wrong = sqlite_files.integrity(connection)
            same = (
                sqlite_files.digest(connection, lambda *n: progress("reading the library back", *n))
                == backup.digest
            )
    except sqlite3.DatabaseError as error:
        raise BackupError(f"what was restored to {live} is not readable ({error}): check the disk") from error
    if wrong or not same:
        raise BackupError(f"what was restored to {live} is not what the backup holds: check the disk")
