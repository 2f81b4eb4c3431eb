"""Folders that may not be read or written, and clocks that go backwards."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from ledger import Ledger, check_index
from tally import TALLY
from workload import NAMES, put, visiting

import ingest.entry
import rag.storage.lock
from rag.library import Library


@pytest.mark.parametrize("mode", [pytest.param(0o555, id="read only"), pytest.param(0o000, id="closed")])
def test_a_folder_without_permission_is_named(mode, processes, public) -> None:
    for file in public.rglob("*"):
        file.chmod(0o555 if file.is_dir() else 0o444)
    public.chmod(mode)
    ours, theirs = processes.Pipe()
    child = processes.Process(target=visiting, args=(public, theirs))
    child.start()
    read, written = ours.recv()
    child.join()
    for said in (read, written) if mode == 0o000 else (written,):
        assert said.startswith("StorageError: ")
        assert str(public) in said
        assert "permission" in said.lower()
        assert "\n" not in said
    TALLY["no permission: folders"] += 1


class Backwards(datetime):
    """A clock that goes back by a day whenever it is read."""

    days = 0

    @classmethod
    def now(cls, tz=None):
        cls.days += 1
        return datetime(2026, 6, 1, tzinfo=tz or UTC) - timedelta(days=cls.days)


def test_a_clock_that_goes_backwards_changes_nothing(path, files, monkeypatch) -> None:
    for module in (ingest.entry, rag.storage.lock):
        monkeypatch.setattr(module, "datetime", Backwards)
    ledger = Ledger(files)

    def tell(told: tuple[str, str, int]) -> None:
        ledger.hear(*told)

    for version in (1, 2, 3):
        with Library.open(path, create=True) as library:
            library.require("fake:hash")
            put(library, files, list(NAMES), version, tell)
            for file in files.iterdir():
                os.utime(file, (1_000_000 - version, 1_000_000 - version))
            assert ledger.check(library) + check_index(library) == []
    assert Backwards.days > 3
