"""Traps of the disk: links, pipes, sockets, devices, names, and files of more than they are."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from traps import ADDED, Trap

NOT_A_FILE = "not a regular file"
NO_TARGET = "cannot be opened|link out of the folder"


def link(target: str | Path, path: Path) -> None:
    path.symlink_to(target)


def listening(path: Path) -> None:
    """Make a socket; its path is short, as those of sockets must be, from its own folder."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10_000_000_000)


def shut(path: Path) -> None:
    path.write_bytes(b"The keeper lit the lamp.")
    path.chmod(0)


def words(path: Path) -> None:
    path.write_bytes(b"The keeper lit the lamp.")


def named(name: bytes) -> Trap:
    """Return the trap of a file with an odd name."""
    return Trap(os.fsdecode(name), ADDED, words, "The keeper")


def disk_traps(secret: Path) -> Iterator[Trap]:
    yield Trap("around.txt", NO_TARGET, partial(link, "around.txt"))
    yield Trap("nowhere.txt", NO_TARGET, partial(link, "no-such-file.txt"))
    yield Trap("out.txt", "link out of the folder", partial(link, secret))
    yield Trap("zero.txt", "link out of the folder", partial(link, "/dev/zero"))
    yield Trap("system.txt", "link out of the folder", partial(link, "/proc/self/environ"))
    yield Trap("inside.txt", ADDED, partial(link, "../000-next/next.txt"), "The next")
    yield Trap("pipe.txt", NOT_A_FILE, lambda path: os.mkfifo(path))
    yield Trap("socket.txt", NOT_A_FILE, listening)
    yield Trap("sparse.txt", "larger than 100 MB", sparse)
    yield Trap("shut.txt", f"{ADDED}|cannot be opened", shut)  # root may read it
    yield named(b"two\nlines.txt")
    yield named(b"red\x1b[31m\x07\x1b]0;title\x07.txt")
    yield named("fdp\u202etxt.txt".encode())
    yield named(b"not-utf-8-\xff\xfe.txt")
    yield named(b"[bold red]lamp[nothing].txt")
    yield named(b"-rf.txt")
    yield Trap(" .txt", f"{ADDED}|no extension", words)
    yield named(b"%2e%2e%2f.txt")
    yield named("\u0301\u200d\U000e0041.txt".encode())
    yield named(b"n" * 251 + b".txt")
