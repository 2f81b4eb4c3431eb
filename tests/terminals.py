"""A program in a pseudo-terminal: what it draws, and what is typed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

CTRL_C, CTRL_D, ENTER = "\x03", "\x04", "\r"


class Typed:
    """A running program; `seen` is all that it has drawn so far, escapes and all."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self._process = process
        self._terminal = terminal
        self._answered = 0
        self.seen = ""

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def until(self, words: str, within: float = 240.0) -> str:
        """Return what was drawn up to these words, counted from the last ones that were waited for."""
        ends = time.monotonic() + within
        while (at := self.seen.find(words, self._answered)) < 0:
            assert time.monotonic() < ends, f"no {words!r} in {self.seen[self._answered :]!r}"
            assert self._read(), f"it ended without {words!r}: {self.seen[self._answered :]!r}"
        drawn = self.seen[self._answered : at + len(words)]
        self._answered = at + len(words)
        return drawn

    def drawn(self) -> None:
        """Take in what it draws, for a moment."""
        assert self._read(), f"it ended: {self.seen[self._answered :]!r}"

    def ended(self, within: float = 240.0) -> int:
        """Return the exit code, once the program has drawn everything."""
        ends = time.monotonic() + within
        while self._read():
            assert time.monotonic() < ends, f"it does not end: {self.seen!r}"
        return self._process.wait(within)

    def _read(self) -> bool:
        """Read for a moment; False when there will be no more."""
        if not select.select([self._terminal], [], [], 0.2)[0]:
            return True
        try:
            drawn = os.read(self._terminal, 65536).decode("utf-8", "replace")
        except OSError:  # what Linux says when the other side is closed
            return False
        self.seen += drawn
        if "\x1b[6n" in drawn:  # asks where the cursor is
            self.type("\x1b[1;1R")
        return bool(drawn)


@contextmanager
def in_terminal(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, *, columns: int = 80, lines: int = 24
) -> Iterator[Typed]:
    """Run a program in a terminal of this size; it is killed at the end if it still runs."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=inherited | {"TERM": "xterm-256color"} | environ,
        start_new_session=True,
        preexec_fn=_in_front,
    )
    os.close(theirs)
    try:
        yield Typed(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _in_front() -> None:
    """Make the terminal the process's own, which hears Ctrl-C even where the tests run in the background."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
