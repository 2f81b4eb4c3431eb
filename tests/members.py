"""Processes that write to one library and ask it at the same time, and tell each other what they did."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from drawn_lines import drawn, put_lines
from forks import forking
from pydantic import SecretStr

import rag.dense.served_keeper
import rag.dense.served_making
from rag.library import Library
from rag.settings import Settings

LINES = 5
PATIENCE_S = 120
_NEAREST = 20
_FEW = 3

Order = Literal["rebuild", "end"]
Deed = tuple[Literal["kept", "removed"], str]


@dataclass
class Told:
    """What a process did, and what it found wrong.

    Attributes:
        kept: names of its documents that stay.
        removed: names of those that it removed again.
        looked: how often it looked for a document of either process.
        wrong: what it did not find of those, or found of what was removed.
    """

    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    looked: int = 0
    wrong: list[str] = field(default_factory=list)


class Member:
    """One of these processes.

    Attributes:
        hold: while there is this file, it does not get on with an index that it makes.
    """

    def __init__(self, settings: Settings, name: str, other: Connection) -> None:
        """Prepare one that has a folder `name` of its own; `other` leads to the other process."""
        self.name = name
        place = settings.library.parent / name
        place.mkdir()
        self.hold = place / "hold"
        self._pipe, theirs = forking().Pipe()
        self._ends = (theirs, other)
        told = (name, place, settings.catalog_url, settings.chroma, theirs, other)
        self.process = forking().Process(target=_be, args=told, daemon=True)

    def start(self) -> None:
        """Begin to write and to ask."""
        self.process.start()
        for end in self._ends:  # they are the process's alone
            end.close()

    def order(self, order: Order) -> None:
        self._pipe.send(order)

    def end(self) -> Told:
        """Let it end, and return what it tells."""
        self.order("end")
        assert self._pipe.poll(PATIENCE_S), f"{self.name} does not end"
        told = self._pipe.recv()
        self.process.join(PATIENCE_S)
        assert self.process.exitcode == 0
        return told

    def kill(self) -> None:
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@contextmanager
def pair(settings: Settings) -> Iterator[tuple[Member, Member]]:
    """Yield two processes that hear of each other, and that are yet to be started."""
    one, two = forking().Pipe()
    both = Member(settings, "a", one), Member(settings, "b", two)
    try:
        yield both
    finally:
        for each in both:
            each.kill()


def quickly(patch: Callable[[object, str, object], None] = setattr) -> None:
    """Look after the index often, and work on it in small steps."""
    for name, value in {"LOOK_S": 0.3, "AGAIN_S": 0.1, "MOST_S": 0.3, "AT_ONCE": 50}.items():
        patch(rag.dense.served_keeper, name, value)
    for name, value in {"GRACE_S": 0.2, "LEASE_S": 2.0, "_AT_ONCE": 20}.items():
        patch(rag.dense.served_making, name, value)


def _slowly(hold: Path) -> Callable[[int, int], None]:
    """Let an index take long to make, as a large one does, and stand still while there is a file."""

    def wait(_done: int, _of: int) -> None:
        time.sleep(0.05)
        while hold.exists():
            time.sleep(0.02)

    return wait


def _be(
    name: str, place: Path, catalog: str | None, chroma: str | None, parent: Connection, other: Connection
) -> None:
    quickly()
    told, slowly = Told(), _slowly(place / "hold")
    deeds: list[Deed] = []
    settings = Settings(library=place, catalog=SecretStr(catalog or ""), chroma=chroma, llm="none")
    with Library.of(settings, create=True) as library:
        library.open_index(slowly)
        while (order := _next(parent)) != "end":
            if order == "rebuild":
                library.rebuild_index(slowly)
            done = _written(library, f"{name}{len(told.kept)}", told)
            _tell(other, done)
            deeds += [*done, *_heard(other)]
            for kind, document in [*deeds[-_FEW:], random.choice(deeds)]:
                told.wrong += _missed(library, kind, document)
                told.looked += 1
            time.sleep(0.05)
    parent.send(told)


def _next(parent: Connection) -> Order | None:
    return parent.recv() if parent.poll() else None


def _written(library: Library, name: str, told: Told) -> list[Deed]:
    """Store a document that stays, now and then one that does not, and return what was done."""
    put_lines(library, name, LINES)
    told.kept.append(name)
    if len(told.kept) % 3:
        return [("kept", name)]
    passing = f"{name}x"
    put_lines(library, passing, LINES)
    library.remove(passing)
    told.removed.append(passing)
    return [("kept", name), ("removed", passing)]


def _tell(other: Connection, done: Sequence[Deed]) -> None:
    with suppress(OSError):  # the other one has ended
        for deed in done:
            other.send(deed)


def _heard(other: Connection) -> Iterator[Deed]:
    with suppress(OSError, EOFError):
        while other.poll():
            yield other.recv()


def _missed(library: Library, kind: str, name: str) -> list[str]:
    """Return what is wrong with the passages of a document: each finds itself, or none is found at all."""
    ids = [f"{name}.0.{i}" for i in range(LINES)]
    found = [[i for i, _ in library.search_dense(vector, _NEAREST)] for vector in drawn(f"{name}.0", LINES)]
    if kind == "kept":
        return [f"{each} is not found" for each, hits in zip(ids, found, strict=True) if hits[:1] != [each]]
    return [f"{each} was removed, and is found" for hits in found for each in hits if each in ids]
