"""What is counted of those who come, so that nobody comes too often: in the catalogue, for every process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.people.clock import seconds
from rag.storage.portable import insert_absent
from rag.storage.tables import limits

LASTING_S = 60.0
"""Seconds after which what was counted means nothing any more."""

Clock = Callable[[sa.Connection], float]


@dataclass(slots=True)
class Counts:
    """What is counted under some keys, to be changed, and the time in seconds since 1970."""

    now: float
    of: dict[str, list[float]]


class Limits:
    """Numbers under keys. Safe for threads, and for processes that share the catalogue."""

    def __init__(self, catalog: Catalog, clock: Clock = seconds) -> None:
        """Keep them in a catalogue; `clock` tells the time, which all processes have to agree on."""
        self._catalog = catalog
        self._clock = clock

    @contextmanager
    def changing(self, *keys: str) -> Iterator[Counts]:
        """Yield what is counted under the keys, nothing for an unknown one, to nobody else until this ends.

        Raises:
            StorageError: the library may only be read, or the disk is full.
        """
        with self._catalog.transaction(write=True) as connection:
            now = self._clock(connection)
            _forget(connection, now)
            ends_at = now + LASTING_S
            counts = Counts(now, {key: _taken(connection, key, ends_at) for key in sorted(set(keys))})
            before = {key: list(numbers) for key, numbers in counts.of.items()}
            yield counts
            for key, numbers in counts.of.items():
                if numbers != before[key]:
                    here = limits.update().where(limits.c.key == key)
                    connection.execute(here.values(numbers=numbers, ends_at=ends_at))


def _forget(connection: sa.Connection, now: float) -> None:
    """Forget what means nothing any more, or comes from a clock that was wrong; what is in use stays."""
    stale = ~limits.c.ends_at.between(now, now + 2 * LASTING_S)
    free = sa.select(limits.c.key).where(stale).with_for_update(skip_locked=True)
    connection.execute(limits.delete().where(limits.c.key.in_(free)))


def _taken(connection: sa.Connection, key: str, ends_at: float) -> list[float]:
    """Return the numbers under a key, which from now on is this transaction's."""
    mine = sa.select(limits.c.numbers).where(limits.c.key == key).with_for_update()
    while True:  # between the two statements another transaction may forget it
        insert_absent(connection, limits, {"key": key, "numbers": [], "ends_at": ends_at})
        if (found := connection.execute(mine).first()) is not None:
            return list(found.numbers)
