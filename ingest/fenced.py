"""The parent's end of a fenced process: starting it, asking it within limits, telling of its end.

Both ends speak frames: eight bytes of length, then JSON or a file's bytes. Never pickle: a parser that a
hostile file has taken over must not be able to run code in the parent.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ingest.child import Child
from ingest.limits import DEFAULT_LIMITS, Limits, exceeded
from rag.errors import BrokenDocument, LimitExceeded, LoadError

OUT_OF_MEMORY = 77
"""The child's exit code when not even an answer fits."""

_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR", "LANG", "LC_ALL")  # no keys, no tokens
_SINGLE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}  # threads take memory
_T = TypeVar("_T")


class Fenced:
    """A child process that reads files; it starts when it is needed, and one that fails is replaced.

    Subclasses ask it under `_lock`. A file is only blamed for what it did to a child of its own.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._child: Child | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        return self._child.pid if self._child else None

    def close(self) -> None:
        """End the child; the next file starts another."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(
        self,
        name: str,
        request: Mapping[str, Any],
        data: bytes,
        *,
        limits: Limits,
        deadline: float,
        max_reply: int,
        wanted: Callable[[], bool] = lambda: True,
    ) -> bytes | LoadError:
        """Return the child's reply, or what its end says of the file; after that there is no child.

        Raises:
            LimitExceeded: no answer in time.
            InterruptedError: it is not `wanted` any more.
        """
        header = json.dumps({"name": name, "limits": limits.to_dict(), **request}).encode()
        child = self._child = self._child or _start(limits.memory_bytes)
        try:
            return child.exchange(
                (header, data),
                timeout_s=max(0.0, deadline - time.monotonic()),
                max_reply=max_reply,
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

    def _settled(self, outcome: _T | LoadError) -> _T | LoadError:
        """Return the outcome; a child that told of a limit is not used again."""
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


def _too_slow(name: str, limits: Limits) -> LimitExceeded:
    return exceeded(name, f"reading it takes more than {limits.load_timeout_s:g} s", "load_timeout_s")


def _obituary(code: int, name: str, limits: Limits) -> LoadError:
    """Return what to tell the user of a child's end."""
    if code == -signal.SIGXCPU:
        return _too_slow(name, limits)
    if code in (OUT_OF_MEMORY, -signal.SIGKILL):
        return exceeded(name, "reading it takes too much memory", "load_memory_mb")
    cause = f"signal {-code}" if code < 0 else f"exit code {code}"
    return BrokenDocument(f"{name}: it crashes the reader ({cause}); open it, save it again and add that")
