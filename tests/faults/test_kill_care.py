"""A process is killed while it takes care of a library: what it did is done wholly or not at all."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from aftermath import broken_off, finished
from breaking import AtLine, AtWrite, caring, counting
from care import CARES
from homes import Home, built
from tally import TALLY, count, some

from rag.catalog import FILE

LINES = some(30, 1)
WRITES = some(6, 0)
LOGS = some(3, 0)
TIMES = some(5, 0)
_PATIENCE_S = 300.0


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Home:
    folder = tmp_path_factory.mktemp("sound")
    home = Home(folder / "home", folder / "files")
    built(home)
    return home


@pytest.mark.parametrize("name", CARES)
def test_care_that_is_killed_leaves_a_whole_library_and_can_be_done_again(
    name, processes, sound, tmp_path
) -> None:
    care = CARES[name]
    draw = random.Random(name)
    needy = sound.copied(tmp_path / "needy")
    care.prepare(needy)
    killed = 0
    for point, moment in enumerate(moments(processes, name, needy, draw)):
        home = needy.copied(tmp_path / f"point{point}")
        killed += killed_at(processes, name, home, moment)
        wrong = broken_off(home, care, mend=point % 2 == 0) + finished(home, care)
        assert count(f"kills during {name}", wrong) == [], moment
        shutil.rmtree(home.folder)
    assert killed
    TALLY[f"kills during {name}: before its end"] += killed


def moments(processes, name: str, needy: Home, draw: random.Random) -> Iterator[AtLine | AtWrite | float]:
    """Yield when to kill: at a line, at a write, or after so many seconds at random."""
    home = needy.copied(needy.folder.with_name("whole"))
    [run] = told(processes, counting, name, home)
    for i in range(LINES):
        line, times = run[int((i + draw.random()) * len(run) / LINES)]
        yield AtLine(line, draw.randint(1, times))
    size = (needy.library / FILE).stat().st_size
    yield from (AtWrite(int(size * (i + draw.random()) / WRITES)) for i in range(WRITES))
    yield from (AtWrite(int(size * (i + draw.random()) / LOGS), emptying_log=True) for i in range(LOGS))
    if TIMES:
        home = needy.copied(needy.folder.with_name("timed"))
        began, ended = told(processes, caring, name, home, None)
        yield from ((ended - began) * draw.random() for _ in range(TIMES))


def killed_at(processes, name: str, home: Home, moment: AtLine | AtWrite | float) -> bool:
    """Let a child take care of a library, and kill it, or let it die; return whether it came to that."""
    ours, theirs = processes.Pipe(duplex=False)
    at_random = isinstance(moment, float)
    child = processes.Process(target=caring, args=(name, home, theirs, None if at_random else moment))
    child.start()
    theirs.close()
    ours.recv()
    if at_random:
        time.sleep(moment)
        child.kill()
    child.join(_PATIENCE_S)
    assert child.exitcode in (0, -signal.SIGKILL, -signal.SIGXFSZ)
    return child.exitcode != 0


def told(processes, target, *arguments) -> list[Any]:
    """Return all that a child tells that comes to its end."""
    ours, theirs = processes.Pipe(duplex=False)
    name, home, *more = arguments
    child = processes.Process(target=target, args=(name, home, theirs, *more))
    child.start()
    theirs.close()
    heard = []
    with suppress(EOFError):
        while True:
            heard.append(ours.recv())
    child.join(_PATIENCE_S)
    assert child.exitcode == 0
    return heard
