"""Files as the disk has them: fit to be shown, links that lead away, opening without waiting, hashes."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path

from rag.errors import LoadError

# Control characters, which command terminals, marks that turn the direction of writing, which hide what an
# extension is, and bytes that are no text.
_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(name: str) -> str:
    """Return a file's name as one line of valid text: the disk allows line feeds, escapes and any bytes."""
    return _UNSHOWABLE.sub("\ufffd", " ".join(name.split()))


def title_of(path: Path) -> str:
    """Return the title of a document that has none of its own: the file's name without its extension."""
    return shown(path.stem) or shown(path.name)


def leads_out(path: Path, given: Iterable[Path]) -> bool:
    """Say whether a path is a link to something that is neither one of the `given` paths nor below one."""
    if not path.is_symlink():
        return False
    target = Path(os.path.realpath(path))
    return not any(target.is_relative_to(os.path.realpath(root)) for root in given)


def open_file(path: Path, *, follow: bool = True) -> BufferedReader:
    """Open a regular file for reading, without waiting: a named pipe would wait for someone to write to it.

    Args:
        path: the file.
        follow: open what a link leads to; else a link is refused.

    Raises:
        LoadError: it is a link, or something else than a file, or cannot be opened.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | (0 if follow else os.O_NOFOLLOW)
    try:
        _check(path, os.stat(path, follow_symlinks=follow).st_mode)  # to open some devices does something
        file = os.fdopen(os.open(path, flags), "rb")
    except OSError as error:
        raise unopened(path, error) from error
    try:
        _check(path, os.fstat(file.fileno()).st_mode)
    except LoadError:
        file.close()
        raise
    return file


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


def _check(path: Path, mode: int) -> None:
    name = shown(path.name)
    if stat.S_ISLNK(mode):
        raise LoadError(f"{name}: it is a link out of the folder; add what it leads to by its own path")
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # a folder is refused by opening it
        raise LoadError(f"{name}: it is not a regular file; add a file or a folder")
