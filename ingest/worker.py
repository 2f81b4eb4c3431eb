"""The fenced process that parses files, and the `Worker` that talks to it.

Both ends speak frames: eight bytes of length, then JSON or a file's bytes. Never pickle: a parser that a
hostile file has taken over must not be able to run code in the parent.

    parent -> child   {"name": …, "limits": {…}, "scans": …}, then the file
    child -> parent   a text or an error, see `ingest.answers`

With OCR, a file that has pages without text is read twice: to count them, and then with the time for them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ingest import answers, fence
from ingest.child import Child, read_frame, write_frame
from ingest.files import open_file, shown, unopened
from ingest.limits import DEFAULT_LIMITS, Limits, exceeded
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


class Worker:
    """Reads files in a child process, one at a time.

    The child starts with the first file and serves the next ones. One that a file has crashed, or driven over
    a limit, is replaced. A file is only blamed for what it did to a child of its own: if one that has read
    other files before dies or runs out of memory, the file is tried again in a new one.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._child: Child | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        return self._child.pid if self._child else None

    def read(self, path: Path, *, follow: bool = True, content: Path | None = None) -> bytes:
        """Return the bytes of a file that may be loaded; no more is read than a file may have.

        Args:
            path: the file.
            follow: read what a link leads to; else a link is refused.
            content: where its bytes are for now; at `path` when None.

        Raises:
            LoadError: it is of an unknown kind, too large, a link, or cannot be opened.
        """
        name = shown(path.name)
        if follow or not path.is_symlink():
            check_supported(name, pictures=self._limits.ocr)
        data = _read(content or path, self._limits, follow=follow)
        self._check_size(name, data)
        return data

    def load(
        self, path: Path, data: bytes | None = None, *, wanted: Callable[[], bool] = lambda: True
    ) -> Text:
        """Return the text of a file.

        Args:
            path: the file; its name picks the loader.
            data: its bytes, where the caller has them already.
            wanted: asked all the time; once it is false, the child is stopped.

        Raises:
            LoadError: one of its subclasses; the message says why and what to do.
            InterruptedError: the text is not `wanted` any more.
        """
        name = shown(path.name)
        if data is None:
            data = self.read(path)
        check_supported(name, pictures=self._limits.ocr)
        self._check_size(name, data)
        with self._lock:
            limits = self._limits
            text = self._load(name, data, "leave" if limits.ocr else "refuse", limits, wanted)
            if limits.ocr and may_be_scanned(name) and text.blank_pages:
                text = self._load(name, data, "read", limits.with_time_for(len(text.blank_pages)), wanted)
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

    def _check_size(self, name: str, data: bytes) -> None:
        if len(data) > self._limits.max_bytes:
            raise _too_large(name, self._limits)

    def _load(self, name: str, data: bytes, scans: Scans, limits: Limits, wanted: Callable[[], bool]) -> Text:
        deadline = time.monotonic() + limits.load_timeout_s
        while True:
            fresh = self._child is None
            outcome = self._ask(name, data, scans, limits, deadline, wanted)
            if isinstance(outcome, Text):
                return outcome
            if fresh or self._child is not None:
                raise outcome

    def _ask(
        self,
        name: str,
        data: bytes,
        scans: Scans,
        limits: Limits,
        deadline: float,
        wanted: Callable[[], bool],
    ) -> Text | LoadError:
        """Return the child's answer; after this there is a child only if it may go on.

        Raises:
            LimitExceeded: no answer in time.
            InterruptedError: it is not `wanted` any more.
        """
        header = json.dumps({"name": name, "limits": limits.to_dict(), "scans": scans}).encode()
        child = self._child = self._child or _start(limits.memory_bytes)
        try:
            reply = child.exchange(
                (header, data),
                timeout_s=max(0.0, deadline - time.monotonic()),
                max_reply=6 * limits.max_characters + _OVERHEAD,
                wanted=wanted,
            )
        except TimeoutError:
            self._stop()
            raise _too_slow(name, limits) from None
        except EOFError:
            self._child = None
            return _obituary(child.ended(), name, limits)
        except BaseException:  # interrupted halfway: the child's next answer would be to the wrong file
            self._stop()
            raise
        outcome = answers.unpack(reply, name, limits.max_characters)
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


def _read(path: Path, limits: Limits, *, follow: bool) -> bytes:
    with open_file(path, follow=follow) as file:
        if os.fstat(file.fileno()).st_size > limits.max_bytes:
            raise _too_large(shown(path.name), limits)
        try:
            return file.read(limits.max_bytes + 1) or b""  # None where a file of the system's would wait
        except OSError as error:
            raise unopened(path, error) from error


def _too_large(name: str, limits: Limits) -> LimitExceeded:
    return exceeded(name, f"it is larger than {limits.max_file_mb:,g} MB", "max_file_mb")


def _too_slow(name: str, limits: Limits) -> LimitExceeded:
    return exceeded(name, f"reading it takes more than {limits.load_timeout_s:g} s", "load_timeout_s")


def _obituary(code: int, name: str, limits: Limits) -> LoadError:
    """Return what to tell the user of a child's end."""
    if code == -signal.SIGXCPU:
        return _too_slow(name, limits)
    if code in (_OUT_OF_MEMORY, -signal.SIGKILL):
        return exceeded(name, "reading it takes too much memory", "load_memory_mb")
    cause = f"signal {-code}" if code < 0 else f"exit code {code}"
    return BrokenDocument(f"{name}: it crashes the reader ({cause}); open it, save it again and add that")


def _answer(name: str, data: bytes, limits: Limits, scans: Scans) -> bytes:
    """Return the child's answer to one request."""
    try:
        return answers.pack(load(data, name, limits, scans))
    except LoadError as error:
        return answers.pack(error)


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
    fence.hide_files()
    fence.refuse_network_and_programs()
    try:
        while header := read_frame(source):
            data = read_frame(source)
            if data is None:
                return
            request = json.loads(header)
            limits = Limits(**request["limits"])
            fence.limit_cpu(limits.load_timeout_s)
            write_frame(sink, _answer(request["name"], data, limits, request["scans"]))
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)


if __name__ == "__main__":
    main(sys.argv[1])
