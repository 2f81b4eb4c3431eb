"""Children that take care of a library, and die at a line of ours or inside of a write."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from types import FrameType
from typing import Any

from care import CARES
from homes import Home, OtherEmbedder
from workload import PRODUCT, HashEmbedder, small_index_steps

import rag.reindexing
from rag.storage import sqlite_files
from rag.storage.database import Database

Line = tuple[str, int]


@dataclass(frozen=True)
class AtLine:
    """When a line of ours is run for the so manieth time."""

    line: Line
    time: int


@dataclass(frozen=True)
class AtWrite:
    """Inside of the first write to any file beyond so many bytes, by whatever library.

    With `emptying_log` it must be while SQLite moves its log into the catalogue.
    """

    beyond: int
    emptying_log: bool = False


def caring(name: str, home: Home, pipe: Any, moment: AtLine | AtWrite | None) -> None:
    """Do one kind of care, and die at that moment, if it comes; tell when it began and ended."""
    _ready()
    if isinstance(moment, AtWrite):
        _die_at_write(moment)
    elif moment is not None:
        _trace(lambda line, times: (line, times) == (moment.line, moment.time) and _die())
    pipe.send(time.monotonic())
    CARES[name].run(home)
    pipe.send(time.monotonic())


def counting(name: str, home: Home, pipe: Any) -> None:
    """Do one kind of care, and tell which lines of ours were run how often, by their first time."""
    _ready()
    run = _trace(lambda _line, _times: None)
    CARES[name].run(home)
    sys.settrace(None)
    pipe.send(list(run.items()))


def _ready() -> None:
    """Let everything be done in small steps, and numpy import what it imports late."""
    small_index_steps()
    sqlite_files._PAGES_AT_ONCE = 4
    rag.reindexing.AT_ONCE = 4
    for embedder in (HashEmbedder(), OtherEmbedder()):
        embedder.embed([""])


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_at_write(moment: AtWrite) -> None:
    """Let the system kill this process when a file grows too large, as nothing can prevent."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (moment.beyond, resource.RLIM_INFINITY))

    def limiting(act: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(act)
        def limited(*arguments: Any, **options: Any) -> Any:
            limit()
            return act(*arguments, **options)

        return limited

    if not moment.emptying_log:
        limit()
        return
    sqlite_files.empty_log = limiting(sqlite_files.empty_log)
    Database.close = limiting(Database.close)


def _trace(seen: Callable[[Line, int], object]) -> Counter[Line]:
    """Count the lines of ours that are run, and show each to `seen` before it is."""
    run: Counter[Line] = Counter()

    def at_line(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            line = (frame.f_code.co_filename, frame.f_lineno)
            run[line] += 1
            seen(line, run[line])
        return at_line

    def at_call(frame: FrameType, _event: str, _argument: object) -> Any:
        return at_line if frame.f_code.co_filename.startswith(PRODUCT) else None

    sys.settrace(at_call)
    return run
