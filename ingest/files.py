"""Files as the disk has them: names fit to be shown, opening without waiting, content hashes."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from io import BufferedReader
from pathlib import Path

from rag.errors import LoadError

_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def shown(name: str) -> str:
    """Return a file's name as one line of valid text: the disk allows line feeds, escapes and any bytes."""
    return _UNSHOWABLE.sub("\ufffd", " ".join(name.split()))


def title_of(path: Path) -> str:
    """Return the title of a document that has none of its own: the file's name without its extension."""
    return shown(path.stem) or shown(path.name)


def open_file(path: Path) -> BufferedReader:
    """Open a regular file for reading, without waiting: a named pipe would wait for someone to write to it.

    Raises:
        LoadError: it is something else than a file, or cannot be opened.
    """
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    except OSError as error:
        raise unopened(path, error) from error
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise LoadError(f"{shown(path.name)}: it is not a regular file; add a file or a folder")


def unopened(path: Path, error: OSError) -> LoadError:
    """Return what to tell the user of a file that the disk does not give."""
    why = (error.strerror or str(error)).lower()
    return LoadError(
        f"{shown(path.name)}: it cannot be opened ({why}); check that it is there and may be read"
    )


def sha256_of(path: Path, limit: int) -> str:
    """Return the content hash of a file; empty when it cannot be read or has more than `limit` bytes."""
    try:
        with open_file(path) as file:
            if os.fstat(file.fileno()).st_size > limit:
                return ""
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (LoadError, OSError):
        return ""
