"""What is counted of those who come: one number for all processes, whatever they do at the same time."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from rag.library import Library
from rag.people.clock import seconds
from rag.people.limits import LASTING_S, Limits
from rag.storage.tables import limits as table

COUNTS = """
import sys
from pathlib import Path
from rag.catalog import Catalog
from rag.people.limits import Limits

limits = Limits(Catalog(Path(sys.argv[1])))
for _ in range(40):
    with limits.changing("a", "b") as counts:
        for numbers in counts.of.values():
            numbers[:] = [sum(numbers) + 1]
"""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self, _connection: sa.Connection) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def keys(library: Library) -> set[str]:
    with library.catalog.transaction(write=False) as connection:
        return set(connection.scalars(sa.select(table.c.key)))


def test_the_clock_is_that_of_the_database(library) -> None:
    with library.catalog.transaction(write=False) as connection:
        assert seconds(connection) == pytest.approx(time.time(), abs=2)


def test_numbers_are_kept_for_every_process_and_forgotten_when_they_mean_nothing(library, clock) -> None:
    with Limits(library.catalog, clock).changing("a", "b") as counts:
        assert (counts.of, counts.now) == ({"a": [], "b": []}, 1000.0)
        counts.of["a"].append(1.5)
    clock.now += LASTING_S
    with Limits(library.catalog, clock).changing("b", "a", "a") as counts:
        assert counts.of == {"a": [1.5], "b": []}
    clock.now += 1
    with Limits(library.catalog, clock).changing("c"):
        pass
    assert keys(library) == {"c"}


def test_an_error_changes_nothing(library, clock) -> None:
    def fail() -> None:
        with Limits(library.catalog, clock).changing("a") as counts:
            counts.of["a"] = [1.0]
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert keys(library) == set()


def test_a_clock_that_was_set_back_locks_nobody_out_for_long(library, clock) -> None:
    with Limits(library.catalog, clock).changing("a") as counts:
        counts.of["a"] = [counts.now]
    clock.now -= 3600
    with Limits(library.catalog, clock).changing("a") as counts:
        assert counts.of == {"a": []}


def test_processes_count_together(library) -> None:
    """Those that go through the same keys at the same time lose no step of each other's."""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", COUNTS, str(library.path)]
    running = [subprocess.Popen(command, cwd=root) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    with Limits(library.catalog).changing("a", "b") as counts:
        assert counts.of == {"a": [120], "b": [120]}
