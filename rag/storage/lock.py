"""The lock that lets one process at a time write to a library, and names the one that does."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import LibraryInUse
from rag.storage.holder import DOOR, HOLDER, LOCK, is_alive
from rag.storage.schema import translated

_WAIT_S = 0.5


class WriterLock:
    """Held by the one writer of the library in `folder`; the system frees it when that process ends."""

    def __init__(self, folder: Path) -> None:
        """Hold nothing yet."""
        self._folder = folder
        self._lock = FileLock(folder / LOCK, thread_local=False)
        self._holder = folder / HOLDER
        self._mutex = threading.RLock()

    @property
    def held(self) -> bool:
        """Whether this process is the writer."""
        return self._lock.is_locked

    def acquire(self, purpose: str = "") -> None:
        """Become the writer; nothing happens where this process is it already.

        Raises:
            LibraryInUse: another process is; the message names it.
        """
        with self._mutex, translated(self._folder):
            if self._lock.is_locked:
                return
            try:
                self._lock.acquire(timeout=_WAIT_S)
            except Timeout:
                raise LibraryInUse(f"the library {self._folder} is in use by {self._held_by()}") from None
            holder = {
                "pid": os.getpid(),
                "purpose": purpose or Path(sys.argv[0]).name,
                "since": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            try:
                (self._folder / DOOR).unlink(missing_ok=True)  # of a process that was killed
                self._holder.write_text(json.dumps(holder), "utf-8")
            except BaseException:
                self.release()
                raise

    def release(self) -> None:
        """Let the next writer in."""
        with self._mutex:
            if self._lock.is_locked:
                with suppress(OSError):
                    self._holder.unlink(missing_ok=True)
                self._lock.release(force=True)

    def _held_by(self) -> str:
        try:
            holder = json.loads(self._holder.read_text("utf-8"))
            told = f"'{holder['purpose']}' (process {holder['pid']}, since {holder['since']})"
            alive = is_alive(int(holder["pid"]))
        except (OSError, ValueError, KeyError, TypeError):  # half written
            alive = False
        return f"{told if alive else 'another process'}: stop it or wait"
