"""Files that are being written: gone when they fail, and known when their writer was killed."""

from __future__ import annotations

import os

import pytest

from rag.storage.partial import abandoned, partial

DEAD = 99_999_999
"""A number that no process can have."""


def names(paths) -> list[str]:
    return [path.name for path in paths]


def test_what_was_moved_stays_and_nothing_else(tmp_path) -> None:
    with partial(tmp_path / "one") as made:
        made.write_text("whole")
        made.replace(tmp_path / "one")
    assert names(tmp_path.iterdir()) == ["one"]
    assert (tmp_path / "one").read_text() == "whole"


def test_what_failed_goes_with_its_logs(tmp_path) -> None:
    def fail() -> None:
        with partial(tmp_path / "one") as made:
            for log in ("-journal", "-wal", "-shm"):
                made.with_name(f"{made.name}{log}").write_text("a log of SQLite")
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "left"),
    [
        pytest.param(f".one.{DEAD}-abc_d123.part", True, id="of a dead process"),
        pytest.param(f".one.{DEAD}-abcd1234.part-wal", True, id="its log"),
        pytest.param(f".one.{os.getppid()}-abcd1234.part", False, id="of a living one"),
        pytest.param(f".one.{os.getpid()}-abcd1234.part", True, id="of a dead one with our number"),
        pytest.param(".one.abcd1234.part", False, id="not ours"),
        pytest.param(f"one.{DEAD}-abcd1234.part", False, id="another's"),
        pytest.param(f".one.{DEAD}-abcd1234.parted", False, id="of another kind"),
    ],
)
def test_what_a_killed_process_left_is_known(name: str, left: bool, tmp_path) -> None:
    (tmp_path / name).touch()
    assert names(abandoned(tmp_path)) == [name] * left


def test_what_is_written_now_is_not_abandoned(tmp_path) -> None:
    with partial(tmp_path / "one") as made:
        made.with_name(f"{made.name}-journal").touch()
        assert abandoned(tmp_path) == []


def test_only_those_of_one_file_where_it_is_named(tmp_path) -> None:
    for of in ("one", "one.more"):
        (tmp_path / f".{of}.{DEAD}-abcd1234.part").touch()
    assert names(abandoned(tmp_path, "one")) == [f".one.{DEAD}-abcd1234.part"]
    assert len(abandoned(tmp_path)) == 2
