from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from rag.errors import LibraryInUse
from rag.people import presence as module
from rag.people.presence import Presence, is_gone
from rag.storage.tables import processes


@pytest.fixture(autouse=True)
def _quick(monkeypatch) -> None:
    monkeypatch.setattr(module, "BEAT_S", 0.02)
    monkeypatch.setattr(module, "SILENT_S", 0.3)


def gone(library, name: str) -> bool:
    with library.catalog.transaction(write=False) as connection:
        return bool(connection.scalar(sa.select(is_gone(sa.literal(name)))))


def until(condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_process_is_there_from_its_first_sign_until_it_stops(library) -> None:
    one = Presence(library.catalog)
    assert gone(library, one.name)
    one.start()
    time.sleep(0.4)
    assert not gone(library, one.name)
    one.stop()
    assert gone(library, one.name)
    assert not gone(library, "")


def test_a_process_that_falls_silent_is_gone_and_forgotten(library) -> None:
    silent, other = Presence(library.catalog), Presence(library.catalog)
    silent.beat()
    other.start()
    until(lambda: gone(library, silent.name))

    def known() -> int:
        with library.catalog.transaction(write=False) as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(processes))

    until(lambda: known() == 1)
    silent.beat()
    assert not gone(library, silent.name)
    other.stop()


def test_what_goes_wrong_once_ends_no_signs(library) -> None:
    seen: list[int] = []

    def then() -> None:
        seen.append(len(seen))
        raise (LibraryInUse("busy") if len(seen) % 2 else KeyError("unexpected"))

    one = Presence(library.catalog)
    one.start(then)
    until(lambda: len(seen) > 3)
    assert not gone(library, one.name)
    one.stop()
