"""Folders that are watched, on a real disk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.watch import changes

WAIT_S = 60.0  # for a machine that is busy; the news come within half a second otherwise


class Watched:
    """A folder watched in a thread, and the news of it."""

    def __init__(self, folder: Path, **options) -> None:
        self.stop = threading.Event()
        self.news: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._source = changes([folder], self.stop, quiet_ms=100, **options)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        for each in self._source:
            self.news.put(each)

    def next(self) -> str:
        return self.news.get(timeout=WAIT_S)

    def is_quiet(self, seconds: float = 1.0) -> bool:
        try:
            self.news.get(timeout=seconds)
        except queue.Empty:
            return True
        return False


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    return made


@pytest.fixture
def watched(folder) -> Iterator[Watched]:
    one = Watched(folder, without=folder / "library")
    assert one.next() == "look"
    yield one
    one.stop.set()
    one.thread.join(WAIT_S)
    assert not one.thread.is_alive()


def test_changes_are_told_once_they_have_settled(watched, folder) -> None:
    assert watched.is_quiet()
    (folder / "deep").mkdir()
    (folder / "deep" / "one.txt").write_text("One.")
    (folder / "two.txt").write_text("Two.")
    assert watched.next() == "look"
    assert watched.is_quiet()


def test_reading_and_the_librarys_own_files_change_nothing(watched, folder) -> None:
    (folder / "one.txt").write_text("One.")
    assert watched.next() == "look"
    (folder / "one.txt").read_bytes()
    assert watched.is_quiet()
    (folder / "library").mkdir()
    assert watched.is_quiet()
    (folder / "library" / "catalogue.sqlite3").write_bytes(b"x")
    assert watched.is_quiet()


def test_a_folder_that_goes_and_comes_back(watched, folder) -> None:
    folder.rename(folder.with_name("aside"))
    assert watched.next() == "gone"
    assert watched.is_quiet()
    folder.with_name("aside").rename(folder)
    assert [watched.next(), watched.next()] == ["back", "look"]
    (folder / "one.txt").write_text("One.")
    assert watched.next() == "look"


def test_another_folder_in_its_place_is_looked_at_and_watched(watched, folder, tmp_path) -> None:
    (tmp_path / "new").mkdir()
    folder.rename(tmp_path / "old")
    (tmp_path / "new").rename(folder)
    while watched.next() != "look":  # whether its absence was seen is a matter of time
        pass
    (folder / "one.txt").write_text("One.")
    assert watched.next() == "look"


def test_a_quiet_folder_is_looked_at_now_and_then(folder) -> None:
    one = Watched(folder, look_again_s=0.2)
    try:
        assert [one.next() for _ in range(3)] == ["look"] * 3
    finally:
        one.stop.set()
        one.thread.join(WAIT_S)


def test_a_folder_that_never_settles_is_looked_at_all_the_same(watched, folder, monkeypatch) -> None:
    monkeypatch.setattr("ingest.watch.MAX_UNSETTLED_S", 0.5)
    done = threading.Event()

    def write() -> None:
        n = 0
        while not done.wait(0.02):
            n += 1
            (folder / "log.txt").write_text(str(n))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert watched.next() == "look"
    finally:
        done.set()
        writer.join(WAIT_S)


def test_a_folder_that_is_not_there_at_first(tmp_path) -> None:
    one = Watched(tmp_path / "later")
    assert one.next() == "gone"
    one.stop.set()
    one.thread.join(WAIT_S)
    assert not one.thread.is_alive()
