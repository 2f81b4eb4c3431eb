"""The fenced process that parses files, and the `Worker` that talks to it.

Both ends speak frames: eight bytes of length, then JSON or a file's bytes. Never pickle: a parser that a
hostile file has taken over must not be able to run code in the parent.

    parent -> child   {"name": …, "cpu_s": …, "max_chars": …, "scans": …}, then the file
    child -> parent   a text or an error, see `ingest.answers`

With OCR, a file that has pages without text is read twice: to count them, and then with the time for them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from ingest import answers, fence
from ingest.child import Child, read_frame, write_frame
from ingest.files import open_file, shown, unopened
from ingest.load import check_supported, load, may_be_scanned
from ingest.load.ocr import Scans
from rag.errors import BrokenDocument, LimitExceeded, LoadError
from rag.types import Text

_OUT_OF_MEMORY = 77  # the child's exit code when not even an answer fits
_OVERHEAD = 1 << 26  # bytes of an answer beside its text
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR", "LANG", "LC_ALL")  # no keys, no tokens
_SINGLE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}  # threads take memory


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take.

    Attributes:
        max_bytes: size of the file.
        memory_bytes: address space of the parsing process. Python with markitdown takes 0.26 GB of it before
            it has read anything.
        cpu_s: processor time.
        wall_s: time from sending the file to having its text, start of the process included.
        max_chars: length of the text.
        ocr_memory_bytes: address space where scans are read; a page takes 1.3 GB of it.
        ocr_page_s: what each page read by OCR may add to both times; a full one takes 11 s of one core.
    """

    max_bytes: int = 100_000_000
    memory_bytes: int = 1 << 30
    cpu_s: float = 30.0
    wall_s: float = 30.0
    max_chars: int = 50_000_000
    ocr_memory_bytes: int = 3 << 30
    ocr_page_s: float = 180.0


class Worker:
    """Reads files in a child process, one at a time.

    The child starts with the first file and serves the next ones. One that a file has crashed, or driven over
    a limit, is replaced. A file is only blamed for what it did to a child of its own: if one that has read
    other files before dies or runs out of memory, the file is tried again in a new one.
    """

    def __init__(self, limits: Limits | None = None, *, ocr: bool = False) -> None:
        """Read nothing yet; with `ocr`, pages without text and pictures of text are read as well."""
        self._limits = limits or Limits()
        self._ocr = ocr
        self._child: Child | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        return self._child.pid if self._child else None

    def read(self, path: Path) -> bytes:
        """Return the bytes of a file that may be loaded; no more is read than a file may have.

        Raises:
            LoadError: it is of an unknown kind, too large, or cannot be opened.
        """
        name = shown(path.name)
        check_supported(name, pictures=self._ocr)
        data = _read(path, self._limits.max_bytes)
        if len(data) > self._limits.max_bytes:
            raise _too_large(name, self._limits.max_bytes)
        return data

    def load(self, path: Path, data: bytes | None = None) -> Text:
        """Return the text of a file.

        Args:
            path: the file; its name picks the loader.
            data: its bytes, where the caller has them already.

        Raises:
            LoadError: one of its subclasses; the message says why and what to do.
        """
        name = shown(path.name)
        if data is None:
            data = self.read(path)
        check_supported(name, pictures=self._ocr)
        if len(data) > self._limits.max_bytes:
            raise _too_large(name, self._limits.max_bytes)
        with self._lock:
            text = self._load(name, data, "leave" if self._ocr else "refuse", self._limits)
            if self._ocr and may_be_scanned(name) and text.blank_pages:
                more = len(text.blank_pages) * self._limits.ocr_page_s
                longer = replace(
                    self._limits, cpu_s=self._limits.cpu_s + more, wall_s=self._limits.wall_s + more
                )
                text = self._load(name, data, "read", longer)
            return text

    def close(self) -> None:
        """End the child; the next `load` starts another."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _load(self, name: str, data: bytes, scans: Scans, limits: Limits) -> Text:
        while True:
            fresh = self._child is None
            outcome = self._ask(name, data, scans, limits)
            if isinstance(outcome, Text):
                return outcome
            if fresh or self._child is not None:
                raise outcome

    def _ask(self, name: str, data: bytes, scans: Scans, limits: Limits) -> Text | LoadError:
        """Return the child's answer; after this there is a child only if it may go on.

        Raises:
            LimitExceeded: no answer in time.
        """
        asked = {"name": name, "cpu_s": limits.cpu_s, "max_chars": limits.max_chars, "scans": scans}
        header = json.dumps(asked).encode()
        memory = limits.ocr_memory_bytes if self._ocr else limits.memory_bytes
        child = self._child = self._child or _start(memory)
        try:
            reply = child.exchange(
                (header, data), timeout_s=limits.wall_s, max_reply=6 * limits.max_chars + _OVERHEAD
            )
        except TimeoutError:
            self._stop()
            raise LimitExceeded(
                f"{name}: reading it takes more than {limits.wall_s:g} s; split or simplify it"
            ) from None
        except EOFError:
            self._child = None
            return _obituary(child.ended(), name, limits)
        except BaseException:  # interrupted halfway: the child's next answer would be to the wrong file
            self._stop()
            raise
        outcome = answers.unpack(reply, name, limits.max_chars)
        if isinstance(outcome, LimitExceeded):
            self._stop()
        return outcome

    def _stop(self) -> None:
        if self._child:
            self._child.stop()
            self._child = None


def _start(memory_bytes: int) -> Child:
    options = {"memory_bytes": memory_bytes, "parent": os.getpid()}
    command = (sys.executable, "-P", "-m", "ingest.worker", json.dumps(options))
    return Child(command, _environment(os.environ.get("PYTHONPATH", "")))


def _environment(python_path: str) -> dict[str, str]:
    """Return the child's environment: where the packages are, and nothing that is secret."""
    root = Path(__file__).parent.parent
    places = [] if root.name in ("site-packages", "dist-packages") else [str(root)]
    places += [place for place in python_path.split(os.pathsep) if place]
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return kept | _SINGLE | {"PYTHONPATH": os.pathsep.join(places)}


def _read(path: Path, limit: int) -> bytes:
    with open_file(path) as file:
        try:
            return file.read(limit + 1)
        except OSError as error:
            raise unopened(path, error) from error


def _too_large(name: str, limit: int) -> LimitExceeded:
    return LimitExceeded(f"{name}: it is larger than {limit // 1_000_000:,} MB; split it into smaller files")


def _obituary(code: int, name: str, limits: Limits) -> LoadError:
    """Return what to tell the user of a child's end."""
    if code == -signal.SIGXCPU:
        return LimitExceeded(
            f"{name}: reading it takes more than {limits.cpu_s:g} s of processor time; split or simplify it"
        )
    if code in (_OUT_OF_MEMORY, -signal.SIGKILL):
        return LimitExceeded(f"{name}: reading it takes too much memory; split it into smaller files")
    cause = f"signal {-code}" if code < 0 else f"exit code {code}"
    return BrokenDocument(f"{name}: it crashes the reader ({cause}); open it, save it again and add that")


def _answer(request: dict[str, Any], data: bytes) -> bytes:
    """Return the child's answer to one request."""
    name, most = request["name"], request["max_chars"]
    try:
        text = load(data, name, request["scans"])
    except LoadError as error:
        return answers.pack(error)
    if len(text.text) > most:
        return answers.pack(
            LimitExceeded(
                f"{name}: it has more than {most:,} characters of text; split it into smaller files"
            )
        )
    return answers.pack(text)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes to the parent, and leave libraries that read or print with nothing."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return source, sink


def main(options: str) -> None:
    """Serve requests until the parent closes the pipe or ends."""
    settings = json.loads(options)
    fence.die_with_parent(settings["parent"])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # meant for the parent, which finishes the file first
    source, sink = _take_pipes()
    fence.limit_memory(settings["memory_bytes"])
    fence.refuse_network_and_programs()
    try:
        while header := read_frame(source):
            data = read_frame(source)
            if data is None:
                return
            request = json.loads(header)
            fence.limit_cpu(request["cpu_s"])
            write_frame(sink, _answer(request, data))
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)


if __name__ == "__main__":
    main(sys.argv[1])
