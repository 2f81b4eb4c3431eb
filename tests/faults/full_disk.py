"""Fill a disk at many points of a library's life: run as a program, in a mount namespace of its own.

    full_disk.py tmpfs|limit FOLDER POINTS work|care

`tmpfs` mounts a small file system at FOLDER, and leaves a little more free in it at each point. `limit` lets
no file grow beyond a size that is larger at each point; any user may do so on any system. What fills the
disk is work on a library, or each kind of care for one. Prints for each what came of its points, as JSON.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from aftermath import broken_off, finished
from care import ON_FULL_DISK, Care
from homes import Home, built
from ledger import Ledger, check_index
from workload import NAMES, put, remove, small_index_steps

from rag.catalog import FILE
from rag.errors import FootnoteError, StorageError
from rag.library import Library

Results = list[tuple[bool, list[str]]]
"""For each point, whether the disk was full and what is wrong then."""

DISK = 16_000_000
NEEDED = {"tmpfs": 1_300_000, "limit": 600_000}
"""Bytes that the whole workload takes of a disk, and in its largest file; a little more."""

COPIES = {"tmpfs": 4.0, "limit": 2.0}
"""How many times the catalogue's size care takes of a disk, and in its largest file; a little more."""


@contextmanager
def full(way: str, folder: Path, free: int) -> Iterator[None]:
    """Leave so many bytes: of the disk, or to each file."""
    if way == "limit":
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (free, most))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        return
    wait_for_room(folder)
    filler = folder / "filler"
    with filler.open("wb") as file:
        file.write(bytes(shutil.disk_usage(folder).free - free))
    try:
        yield
    finally:
        filler.unlink()


def wait_for_room(folder: Path, within: float = 20.0) -> None:
    """Wait until nothing that was removed from the disk is held open, and so takes room of it for a while.

    Chroma lets go of its files on threads of its own, a moment after its client is closed.
    """
    until = time.monotonic() + within
    while held := [link for link in held_open(folder.parent) if link.endswith(" (deleted)")]:
        if time.monotonic() > until:
            raise TimeoutError(f"still open after {within:.0f} s: {held}")
        time.sleep(0.01)


def held_open(disk: Path) -> list[str]:
    """Return what this process holds open there, as Linux writes it."""
    links = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile, as that of this listing is
            links.append(os.readlink(descriptor))
    return [link for link in links if link.startswith(f"{disk}/")]


def point(way: str, folder: Path, free: int) -> tuple[bool, list[str]]:
    """Run into a full disk, make room, and return whether it was full and what is wrong then."""
    with TemporaryDirectory() as files:  # on another disk
        return _point(way, folder / "library", Ledger(Path(files)), free)


def _point(way: str, library: Path, ledger: Ledger, free: int) -> tuple[bool, list[str]]:
    failed = False
    with full(way, library.parent, free):
        try:
            work(library, ledger)
        except StorageError:
            failed = True
        except FootnoteError as error:
            return True, [f"another error: {error}"]
    with Library.open(library, create=True) as opened:
        wrong = ledger.check(opened)
        wrong += check_index(opened)
        put(opened, ledger.files, list(NAMES), 9, lambda told: ledger.hear(*told))
        wrong += ledger.check(opened)
    return failed, wrong


def work(library: Path, ledger: Ledger) -> None:
    def tell(told: tuple[str, str, int]) -> None:
        ledger.hear(*told)

    with Library.open(library, create=True) as opened:
        opened.require("fake:hash")
        put(opened, ledger.files, list(NAMES[:3]), 1, tell)
        put(opened, ledger.files, list(NAMES[2:6]), 2, tell)
        remove(opened, ledger.files, NAMES[0], tell)
        put(opened, ledger.files, [NAMES[0]], 3, tell)


def care_point(way: str, sound: Home, care: Care, here: Path, share: float) -> tuple[bool, list[str]]:
    """Run into a full disk while taking care of a library, make room, and take care of it again."""
    home = sound.copied(here / "home")
    care.prepare(home)
    size = (home.library / FILE).stat().st_size
    failed = False
    with full(way, here, int(size * share * COPIES[way])):
        try:
            care.run(home)
        except StorageError:
            failed = True
        except FootnoteError as error:
            return True, [f"another error: {error}"]
    return failed, broken_off(home, care, mend=False, undone=failed) + finished(home, care)


def worked(way: str, folder: Path, points: int) -> Results:
    return [
        point(way, here, NEEDED[way] * i // points) for i, here in enumerate(folders(folder, "work", points))
    ]


def cared(way: str, folder: Path, points: int) -> dict[str, Results]:
    with TemporaryDirectory() as elsewhere:
        sound = Home(Path(elsewhere) / "home", Path(elsewhere) / "files")
        built(sound)
        return {
            name: [
                care_point(way, sound, care, here, i / points)
                for i, here in enumerate(folders(folder, name, points))
            ]
            for name, care in ON_FULL_DISK.items()
        }


def folders(folder: Path, name: str, points: int) -> Iterator[Path]:
    """Yield a new folder for each point, one at a time."""
    for i in range(points):
        here = folder / f"{name}{i}"
        here.mkdir()
        yield here
        shutil.rmtree(here)


def main(way: str, folder: Path, points: int, what: str) -> None:
    if way == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)], check=True)
    logging.disable()
    small_index_steps()
    results = {"work": worked(way, folder, points)} if what == "work" else cared(way, folder, points)
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
