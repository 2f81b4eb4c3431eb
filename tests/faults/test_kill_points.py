"""A process is killed at any moment; nothing that it acknowledged is lost, and nothing is half there."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from ledger import Ledger, check_index
from tally import count, some
from workload import NAMES, churning, put, stepping

from rag.errors import FootnoteError
from rag.library import Library

CHAINS = some(20, 2)
KILLS = some(10, 4)
STEPS = some(60, 4)
_PATIENCE_S = 300.0


class Child:
    """A process that works on a library, and tells what it does on a pipe."""

    def __init__(self, processes, target, *arguments) -> None:
        self._pipe, theirs = processes.Pipe(duplex=False)
        before, after = arguments[:3], arguments[3:]
        self._process = processes.Process(target=target, args=(*before, theirs, *after))
        self._process.start()
        theirs.close()
        self.told: list[tuple[str, str, int]] = []

    @property
    def exit_code(self) -> int | None:
        return self._process.exitcode

    def listen(self, seconds: float) -> bool:
        """Wait for something to be told; False when there is nothing, or nobody left to tell it."""
        try:
            if self._pipe.poll(seconds):
                self.told.append(self._pipe.recv())
                return True
        except (EOFError, OSError):
            self._process.join(_PATIENCE_S)
        return False

    def kill(self) -> list[tuple[str, str, int]]:
        """Kill the process, and return all that it told."""
        self._process.kill()
        self._process.join(_PATIENCE_S)
        while self.listen(0):
            pass
        self._pipe.close()
        return self.told


def kill_after_acknowledgements(child: Child, draw: random.Random) -> None:
    """Wait for some acknowledgements and a moment more."""
    wanted, deadline = draw.randrange(0, 12), time.monotonic() + _PATIENCE_S
    while len(child.told) < wanted and child.exit_code is None and time.monotonic() < deadline:
        child.listen(1)
    time.sleep(draw.random() * 0.03)


def kill_at_a_change(child: Child, draw: random.Random, library: Path) -> None:
    """Wait for some changes of any file of the index, and not a moment more."""
    wanted, seen = draw.randrange(1, 60), _state(library)
    deadline = time.monotonic() + _PATIENCE_S
    while wanted and child.exit_code is None and time.monotonic() < deadline:
        now = _state(library)
        wanted -= now != seen
        seen = now
        while child.listen(0):
            pass


def _state(library: Path) -> list[tuple[str, int, int]]:
    """Return name, size and time of each file of the index, some of which may go while this looks."""
    found = []
    for folder, _, names in os.walk(library):
        for name in names if Path(folder) != library else ():
            with suppress(OSError):
                status = (Path(folder) / name).stat()
                found.append((f"{folder}/{name}", status.st_size, status.st_mtime_ns))
    return found


def looked_over(path: Path, ledger: Ledger, *, index: bool) -> list[str]:
    """Open a library, and return what is wrong with it."""
    try:
        with Library.open(path, create=True) as library:
            wrong = ledger.check(library)
            return wrong + (check_index(library) if index else [])
    except FootnoteError as error:
        return [f"does not open: {error}"]


@pytest.mark.parametrize("chain", range(CHAINS))
def test_what_is_acknowledged_survives_a_kill(chain, processes, path, files) -> None:
    draw = random.Random(chain)
    ledger = Ledger(files)
    for kill in range(KILLS):
        child = Child(processes, churning, path, files, chain * 100 + kill + 1)
        if chain % 2:
            kill_at_a_change(child, draw, path)
        else:
            kill_after_acknowledgements(child, draw)
        for message in child.kill():
            ledger.hear(*message)
        assert child.exit_code in (0, -signal.SIGKILL)
        # the next child begins with an index that was closed, or with one that was not
        assert count("kills", looked_over(path, ledger, index=kill % 2 == 0)) == []
    assert looked_over(path, ledger, index=True) == []


def test_a_kill_at_any_line_of_ours_loses_nothing(processes, path, files) -> None:
    ledger = Ledger(files)
    with Library.open(path, create=True) as library:
        library.require("fake:hash")
        put(library, files, list(NAMES[:5]), 1, lambda told: ledger.hear(*told))
    last = _lines_of_a_whole_run(processes, path, files, ledger)
    for step in range(STEPS):
        child = Child(processes, stepping, path, files, step + 1, 1 + step * last // STEPS)
        while child.exit_code is None:
            child.listen(1)
        assert child.exit_code == -signal.SIGKILL
        for message in child.kill():
            ledger.hear(*message)
        assert count("kills at a line", looked_over(path, ledger, index=step % 2 == 0)) == []


def _lines_of_a_whole_run(processes, path: Path, files: Path, ledger: Ledger) -> int:
    child = Child(processes, stepping, path, files, 0, 0)
    while child.exit_code is None:
        child.listen(1)
    *told, (kind, _, last) = child.kill()
    for message in told:
        ledger.hear(*message)
    assert kind == "steps"
    assert last > 500
    return last
