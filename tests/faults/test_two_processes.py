"""Two processes want to write to one library: one does, and the other is told at once who it is."""

from __future__ import annotations

import json
import re
import time

import pytest
from filelock import FileLock
from tally import TALLY, some
from workload import holding, racing

from rag.errors import LibraryInUse
from rag.library import Library

TRIES = some(100, 5)


@pytest.fixture
def made(path):
    Library.open(path, create=True).close()
    return path


def test_of_two_at_once_one_writes_and_the_other_is_told_who_does(processes, made) -> None:
    for _ in range(TRIES):
        start = processes.Barrier(2)
        pipes, children = [], []
        for _ in range(2):
            ours, theirs = processes.Pipe()
            child = processes.Process(target=racing, args=(made, start, theirs))
            child.start()
            pipes.append(ours)
            children.append(child)
        said = [pipe.recv() for pipe in pipes]
        [winner] = [child for child, (refused, _) in zip(children, said, strict=True) if not refused]
        [(refused, seconds)] = [each for each in said if each[0]]
        assert re.search(rf"in use by 'a race' \(process {winner.pid}, since .*\): stop it or wait", refused)
        TALLY["two processes: slowest refusal, ms"] = max(
            TALLY["two processes: slowest refusal, ms"], round(1000 * seconds)
        )
        for pipe in pipes:
            pipe.send("let go")
        for child in children:
            child.join()
            assert child.exitcode == 0
        TALLY["two processes: tries"] += 1


def test_the_lock_of_a_killed_process_is_taken_over(processes, made) -> None:
    for _ in range(some(20, 2)):
        ours, theirs = processes.Pipe()
        child = processes.Process(target=holding, args=(made, theirs))
        child.start()
        assert ours.recv() == "held"
        with (
            Library.open(made) as library,
            pytest.raises(LibraryInUse, match=f"'a holder' \\(process {child.pid},"),
        ):
            library.lock()
        child.kill()
        child.join()
        assert json.loads((made / "writer.json").read_text())["pid"] == child.pid
        started = time.monotonic()
        with Library.open(made) as library:
            library.lock("the next one")
            assert json.loads((made / "writer.json").read_text())["purpose"] == "the next one"
        TALLY["two processes: slowest takeover, ms"] = max(
            TALLY["two processes: slowest takeover, ms"], round(1000 * (time.monotonic() - started))
        )


def test_a_dead_process_is_not_named_as_the_holder(processes, made) -> None:
    ours, theirs = processes.Pipe()
    child = processes.Process(target=holding, args=(made, theirs))
    child.start()
    assert ours.recv() == "held"
    child.kill()
    child.join()
    with FileLock(made / "writer.lock"), Library.open(made) as library:  # held, and not yet signed
        with pytest.raises(LibraryInUse, match="in use by another process: stop it or wait"):
            library.lock()
