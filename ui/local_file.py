"""The file by which other commands find the Footnote that serves a library: its address, and a secret.

It lies in the library's folder, where only who runs that Footnote can read it. It counts only while the
process that wrote it holds the library's lock, and is in no backup.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from rag.storage.holder import DOOR, holding_process
from rag.storage.partial import partial

_MOST_BYTES = 10_000
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def own_version() -> str:
    """Return the version of this Footnote."""
    return metadata.version("footnote")


@dataclass(frozen=True, slots=True)
class Door:
    """Where a running Footnote takes what the other commands ask.

    Attributes:
        address: as in ``http://127.0.0.1:7860``.
        secret: what shows that who asks can read the file.
        pid: its process.
        version: of that Footnote.
    """

    address: str
    secret: str = field(repr=False)
    pid: int
    version: str


def new_secret() -> str:
    """Return a secret of 256 bits."""
    return secrets.token_urlsafe(32)


@contextmanager
def published(folder: Path, address: str, secret: str) -> Iterator[None]:
    """Tell the other commands of this user the address while the block lasts.

    Where the disk cannot keep the file from others it is not told: the commands then do without.

    Args:
        folder: the library's, whose lock this process holds.
        address: where this process listens, on a loopback address.
        secret: what they show.

    Raises:
        OSError: the file cannot be written.
    """
    door = Door(address, secret, os.getpid(), own_version())
    file = folder / DOOR
    try:
        _write(file, json.dumps(asdict(door)))
        yield
    finally:
        if _read(file) == door:
            with suppress(OSError):
                file.unlink()


def found(folder: Path) -> Door | None:
    """Return where the Footnote that holds the library in `folder` can be asked; None where none can.

    A file that is another user's, that others can read, or whose process does not hold the lock, is none.
    """
    door = _read(folder / DOOR)
    return door if door is not None and door.pid == holding_process(folder) else None


def _write(file: Path, text: str) -> None:
    """Write a file whole, for this user alone; leave none where the disk knows no such thing."""
    with partial(file) as part:
        with open(part, "w", encoding="utf-8") as opened:
            if not _is_ours_alone(opened.fileno()):
                return
            opened.write(text)
        part.replace(file)


def _read(file: Path) -> Door | None:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(handle, encoding="utf-8") as opened:
        try:
            if not _is_ours_alone(handle):
                return None
            return _door(json.loads(opened.read(_MOST_BYTES)))
        except (OSError, ValueError, TypeError):
            return None


def _door(value: dict[str, object]) -> Door:
    door = Door(**value)  # type: ignore[arg-type]  # whose types are looked at here
    if not (isinstance(door.pid, int) and all(isinstance(each, str) for each in _words(door))):
        raise TypeError("not what was written")
    return door


def _words(door: Door) -> tuple[object, ...]:
    return door.address, door.secret, door.version


def _is_ours_alone(handle: int) -> bool:
    facts = os.fstat(handle)
    return stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & _OTHERS
