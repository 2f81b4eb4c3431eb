"""Checksums of what was closed cleanly, so that damage is found before anything is read from it.

SQLite finds a page that makes no sense, but not a flipped bit in a text or a vector; Chroma finds next to
nothing. So the files of an index are summed when it is closed, and the catalogue carries the checksum of its
own file in the header (`user_version`, which SQLite leaves to the application; 0 while it is in use).
Whoever writes to a catalogue, or to a copy of one, sets that to 0 first. Beside it are the checksums of its
pages, see `rag.storage.page_sums`.
Measured on two cores at 100,000 passages: 0.16 s for the catalogue (460 MB), 0.1 s for the index.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

from rag.storage import page_sums
from rag.storage.ahead import chunks

_open: Counter[Path] = Counter()
_mutex = threading.Lock()


def folder_sums(folder: Path) -> dict[str, str]:
    """Return size and CRC-32 of each file below a folder, by its path there."""
    return {name: f"{path.stat().st_size}:{_sum(path):08x}" for name, path in _files(folder).items()}


def is_as_left(folder: Path, sums: Mapping[str, str]) -> bool:
    """Return whether the files below a folder have these sums; none is read where a size differs."""
    sizes = {name: path.stat().st_size for name, path in _files(folder).items()}
    expected = {name: int(each.partition(":")[0]) for name, each in sums.items()}
    return sizes == expected and folder_sums(folder) == sums


def opened(path: Path) -> bool | None:
    """Count one more user of the catalogue at `path`, and compare its seal where this is the first.

    The file may only be read here while this process has no database connection to it: closing a file drops
    all locks that the process holds on it.

    Returns:
        True where the seal holds (or was looked at before), None where there is none, False where the file
        is not what was sealed.
    """
    with _mutex:
        found: bool | None = True
        if not _open[path.resolve()]:
            with path.open("rb", 0) as file:
                found = _holds(file)
        _open[path.resolve()] += 1
        return found


def closed(path: Path, *, sealing: bool) -> None:
    """Count one user less, and seal the catalogue where this was the last and all of it is in one file."""
    with _mutex:
        _open[path.resolve()] -= 1
        if _open[path.resolve()]:
            return
        del _open[path.resolve()]
        if sealing and not path.with_name(f"{path.name}-wal").exists():
            with suppress(OSError, sqlite3.Error):  # a catalogue without a seal is looked over instead
                with path.open("rb") as file:
                    value, pages = _database_sum(file), page_sums.page_sums(file)
                with suppress(OSError):  # without them damage costs more, and nothing else
                    page_sums.write(path, pages)
                with closing(sqlite3.connect(path)) as connection:
                    connection.execute(f"PRAGMA user_version={value}")


def _files(folder: Path) -> dict[str, Path]:
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}


def _holds(file: BinaryIO) -> bool | None:
    """Compare the seal with the file; again where another process takes or sets a seal meanwhile."""
    seal = _seal_of(file)
    while seal and seal != _database_sum(file):
        before, seal = seal, _seal_of(file)
        if seal == before:
            return False
    return True if seal else None


def _database_sum(file: BinaryIO) -> int:
    """Return the CRC-32 of a database but for the bytes that storing it changes: 31 bits, never 0."""
    file.seek(0)
    header = page_sums.without_seal(file.read(page_sums.HEADER))
    return (_rest(file, zlib.crc32(header)) & 0x7FFFFFFF) or 1


def _seal_of(file: BinaryIO) -> int:
    file.seek(0)
    return int.from_bytes(file.read(page_sums.HEADER)[page_sums.SEAL], "big")


def _sum(path: Path) -> int:
    with path.open("rb") as file:
        return _rest(file, 0)


def _rest(file: BinaryIO, value: int) -> int:
    for chunk in chunks(file):
        value = zlib.crc32(chunk, value)
    return value
