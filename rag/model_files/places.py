"""The places that model files come from, and the first of them: a model hub, by `rag.model_files.hub`.

A place only delivers bytes; `rag.model_files.fetching` decides by the hash whether they are the file. A file
under way is ``NAME.part`` beside its final name and always a prefix of it, so that any place can go on where
another one stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from rag.progress import Progress

"""Called with a label, the bytes done and the bytes in all (0 when unknown), ten times a second at most."""

HUB_VARIABLE = "HF_ENDPOINT"
DEFAULT_HUB = "https://huggingface.co"
BLOCK = 1 << 20


class PlaceError(Exception):
    """A place did not deliver; the message is the short reason."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that is known by its hash; `name` is relative to its artifact's folder."""

    name: str
    size: int
    sha256: str


class Meter:
    """Counts the bytes of one artifact and tells `progress`, throttled."""

    def __init__(self, progress: Progress | None, label: str, total: int) -> None:
        self._progress = progress
        self._label = label
        self._total = total
        self._next = 0.0
        self.base = 0

    def at(self, done: int) -> None:
        """Report `done` bytes beyond `base`."""
        done = min(self.base + done, self._total)
        now = time.monotonic()
        if self._progress is not None and (now >= self._next or done == self._total):
            self._next = now + 0.1
            self._progress(self._label, done, self._total)


class Place(Protocol):
    """Somewhere that may have the files."""

    @property
    def label(self) -> str:
        """Name of the place in an error."""

    def fetch(self, files: Sequence[File], folder: Path, meter: Meter) -> None:
        """Complete the ``.part`` of every file in `folder`.

        Raises:
            PlaceError: it cannot; what did arrive is kept.
        """


def part_path(folder: Path, name: str) -> Path:
    """Return where the file `name` grows while it is fetched."""
    return folder / f"{name}.part"


def part_size(folder: Path, name: str) -> int:
    """Return how many bytes of `name` have arrived."""
    try:
        return part_path(folder, name).stat().st_size
    except FileNotFoundError:
        return 0


@dataclass(frozen=True, slots=True)
class Hub:
    """A repository on the model hub, or on the mirror that ``HF_ENDPOINT`` names."""

    repository: str
    revision: str = "main"

    @property
    def label(self) -> str:
        """Name of the place in an error."""
        from rag.model_files.hub import host

        return f"model hub {host(self.address)}"

    @property
    def address(self) -> str:
        """Where the hub is."""
        return os.environ.get(HUB_VARIABLE, "").rstrip("/") or DEFAULT_HUB

    def fetch(self, files: Sequence[File], folder: Path, meter: Meter) -> None:
        """Download each file, going on where an earlier download stopped."""
        from rag.model_files.hub import (
            download,  # its HTTP client takes long to import, and few starts fetch anything
        )

        download(self.address, f"{self.repository}/resolve/{self.revision}", files, folder, meter)


def open_part(folder: Path, name: str, start: int) -> IO[bytes]:
    """Open the growing file for appending at `start`, dropping what lies beyond."""
    path = part_path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = path.open("ab", buffering=0)
    stream.truncate(start)
    return stream
