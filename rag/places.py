"""The places that model files come from, and the first of them: a model hub.

A place only delivers bytes; `rag.fetching` decides by the hash whether they are the file. A file under
way is ``NAME.part`` beside its final name and always a prefix of it, so that any place can go on where
another one stopped.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import httpx

Progress = Callable[[str, int, int], None]
"""Called with a label, the bytes done and the bytes in all (0 when unknown), ten times a second at most."""

HUB_VARIABLE = "HF_ENDPOINT"
DEFAULT_HUB = "https://huggingface.co"
CONNECT_S = 3.0
READ_S = 30.0
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
        return f"model hub {httpx.URL(_hub()).host or _hub()}"

    def fetch(self, files: Sequence[File], folder: Path, meter: Meter) -> None:
        """Download each file, going on where an earlier download stopped."""
        try:
            _probe(_hub())
            timeout = httpx.Timeout(READ_S, connect=CONNECT_S)
            with httpx.Client(follow_redirects=True, timeout=timeout) as client:
                done = 0
                for file in files:
                    self._download(client, file, folder, meter, done)
                    done += file.size
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise PlaceError(shorten(str(error)) or type(error).__name__) from None

    def _download(self, client: httpx.Client, file: File, folder: Path, meter: Meter, done: int) -> None:
        url = f"{_hub()}/{self.repository}/resolve/{self.revision}/{file.name}"
        while (have := part_size(folder, file.name)) < file.size:
            try:
                _download_rest(client, url, file, folder, lambda n: meter.at(done + n))
            except httpx.TransportError:
                if part_size(folder, file.name) <= have:  # else the line broke half-way: go on from there
                    raise
            else:
                if part_size(folder, file.name) <= have:
                    raise PlaceError(f"sends nothing more of {file.name}")


def _hub() -> str:
    return os.environ.get(HUB_VARIABLE, "").rstrip("/") or DEFAULT_HUB


def _probe(url: str) -> None:
    """Fail within `CONNECT_S` when the hub cannot be reached.

    The look-up of a host name obeys no time-out of ours, so it waits in a thread of its own.
    """
    outcome: queue.SimpleQueue[httpx.HTTPError | httpx.InvalidURL | None] = queue.SimpleQueue()

    def knock() -> None:
        try:
            httpx.head(url, timeout=CONNECT_S)
            outcome.put(None)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            outcome.put(error)

    threading.Thread(target=knock, name="hub-probe", daemon=True).start()
    try:
        error = outcome.get(timeout=CONNECT_S + 0.5)
    except queue.Empty:
        raise PlaceError(f"no answer within {CONNECT_S:.0f} s") from None
    if error is not None:
        raise PlaceError(shorten(str(error)) or type(error).__name__)


def _download_rest(
    client: httpx.Client, url: str, file: File, folder: Path, report: Callable[[int], None]
) -> None:
    have = part_size(folder, file.name)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code not in (200, 206):
            raise PlaceError(f"HTTP {response.status_code} for {file.name}")
        if response.status_code == 200:
            have = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise PlaceError(f"answers another range than the one asked of {file.name}")
        with open_part(folder, file.name, have) as part:
            for block in response.iter_bytes():
                have += len(block)
                if have > file.size:
                    raise PlaceError(f"{file.name} is longer than it should be")
                part.write(block)
                report(have)
    if have < file.size and response.status_code == 200:
        raise PlaceError(f"{file.name} is shorter than it should be")


def open_part(folder: Path, name: str, start: int) -> IO[bytes]:
    """Open the growing file for appending at `start`, dropping what lies beyond."""
    path = part_path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = path.open("ab", buffering=0)
    stream.truncate(start)
    return stream


def shorten(text: str) -> str:
    """Return `text` as one line of at most 140 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 140 else line[:139] + "…"
