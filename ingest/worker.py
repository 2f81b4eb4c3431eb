"""The fenced process that reads files, and the `Worker` that has it parse them.

    parent -> child   {"name": …, "limits": {…}, "scans": …}, then the file
    child -> parent   a text or an error, see `ingest.answers`

With OCR, a file that has pages without text is read twice: to count them, and then with the time for them.
The requests for pages of a PDF are those of `ingest.desk`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from ingest import answers, fence
from ingest.child import read_frame, write_frame
from ingest.content import content_of, too_large
from ingest.desk import Desk
from ingest.fenced import OUT_OF_MEMORY, Fenced
from ingest.files import shown
from ingest.limits import Limits
from ingest.load import check_supported, load, may_be_scanned
from ingest.load.ocr import Scans
from rag.errors import LoadError
from rag.types import Text

_OVERHEAD = 1 << 26  # bytes of an answer beside its text


class Worker(Fenced):
    """Reads files in a child process, one at a time.

    The child starts with the first file and serves the next ones. One that a file has crashed, or driven over
    a limit, is replaced. A file is only blamed for what it did to a child of its own: if one that has read
    other files before dies or runs out of memory, the file is tried again in a new one.
    """

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
            data = content_of(path, self._limits)
        check_supported(name, pictures=self._limits.ocr)
        if len(data) > self._limits.max_bytes:
            raise too_large(name, self._limits)
        with self._lock:
            limits = self._limits
            text = self._load(name, data, "leave" if limits.ocr else "refuse", limits, wanted)
            if limits.ocr and may_be_scanned(name) and text.blank_pages:
                text = self._load(name, data, "read", limits.with_time_for(len(text.blank_pages)), wanted)
            return text

    def _load(self, name: str, data: bytes, scans: Scans, limits: Limits, wanted: Callable[[], bool]) -> Text:
        deadline = time.monotonic() + limits.load_timeout_s
        while True:
            fresh = self._child is None
            outcome = self._text(name, data, scans, limits, deadline, wanted)
            if isinstance(outcome, Text):
                return outcome
            if fresh or self._child is not None:
                raise outcome

    def _text(
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
        longest = 6 * limits.max_characters + _OVERHEAD
        reply = self._ask(
            name,
            {"scans": scans},
            data,
            limits=limits,
            deadline=deadline,
            max_reply=longest,
            wanted=wanted,
        )
        if isinstance(reply, LoadError):
            return reply
        return self._settled(answers.unpack(reply, name, limits.max_characters))


def _answer(desk: Desk, request: dict[str, Any], limits: Limits, data: bytes) -> bytes:
    """Return the child's answer to one request."""
    if "do" in request:
        return desk.answer(request, limits, data)
    try:
        return answers.pack(load(data, request["name"], limits, request["scans"]))
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
    desk = Desk()
    try:
        while header := read_frame(source):
            data = read_frame(source)
            if data is None:
                return
            request = json.loads(header)
            limits = Limits(**request["limits"])
            fence.limit_cpu(limits.load_timeout_s)
            write_frame(sink, _answer(desk, request, limits, data))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


if __name__ == "__main__":
    main(sys.argv[1])
