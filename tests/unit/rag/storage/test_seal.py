from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rag.storage.seal
from rag.storage.seal import closed, folder_sums, is_as_left, opened


def make(path, wal: bool = True) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [(f"row {i}",) for i in range(1000)])
        connection.commit()


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "some.sqlite3"
    make(made)
    return made


@pytest.fixture
def sealed(path):
    opened(path)
    closed(path, sealing=True)
    return path


def look(path) -> bool | None:
    found = opened(path)
    closed(path, sealing=False)
    return found


def test_what_was_never_sealed_has_no_seal(path) -> None:
    assert look(path) is None


def test_a_seal_holds_until_the_file_is_another(sealed) -> None:
    assert look(sealed) is True
    with sealed.open("r+b") as file:
        file.seek(5000)
        file.write(b"!")
    assert look(sealed) is False


@pytest.mark.parametrize("sealing", [True, False])
def test_one_that_another_process_changes_while_it_is_summed_is_no_damage(
    sealed, monkeypatch, sealing: bool
) -> None:
    real = rag.storage.seal._database_sum

    def meanwhile(file) -> int:
        monkeypatch.undo()
        with closing(sqlite3.connect(sealed)) as other:
            other.execute("PRAGMA user_version=0")
            other.execute("UPDATE t SET x = 'changed'")
            other.commit()
        if sealing:
            with closing(sqlite3.connect(sealed)) as other, sealed.open("rb", 0) as now:
                other.execute(f"PRAGMA user_version={real(now)}")
        return real(file)

    monkeypatch.setattr(rag.storage.seal, "_database_sum", meanwhile)
    assert look(sealed) is (True if sealing else None)


def test_reading_leaves_the_seal(sealed) -> None:
    with closing(sqlite3.connect(sealed)) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    assert look(sealed) is True


def test_a_copy_carries_its_seal(sealed, tmp_path) -> None:
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(sealed)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    assert look(copy) is True


def test_only_the_last_user_in_this_process_seals(path) -> None:
    opened(path)
    assert opened(path) is True  # the first one has looked
    closed(path, sealing=True)
    closed(path, sealing=False)
    assert look(path) is None


def test_one_that_cannot_be_read_is_not_counted(path, monkeypatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(PermissionError("not yours")))
        with pytest.raises(PermissionError):
            opened(path)
    assert look(path) is None


def test_what_still_has_a_log_is_not_sealed(path) -> None:
    opened(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("INSERT INTO t VALUES ('more')")
        other.commit()
        closed(path, sealing=True)
    assert look(path) is None


def test_a_file_that_cannot_be_sealed_is_left_without(path) -> None:
    opened(path)
    path.write_bytes(b"no database" * 1000)
    closed(path, sealing=True)
    assert path.read_bytes() == b"no database" * 1000


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_found_but_in_the_counters(sealed, place: float, bit: int) -> None:
    whole = sealed.read_bytes()
    at = int(place * len(whole))
    sealed.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
    try:
        assert look(sealed) is (True if 24 <= at < 28 or 92 <= at < 100 else False)
    finally:
        sealed.write_bytes(whole)


def test_the_sums_of_a_folder_tell_every_file_by_its_place(tmp_path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"")
    assert folder_sums(tmp_path) == {"b": "0:00000000", "deep/a": "3:7a6c86f1"}
    assert folder_sums(tmp_path / "none") == {}


def test_files_of_another_size_are_not_read(tmp_path, monkeypatch) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    sums = folder_sums(tmp_path)
    assert is_as_left(tmp_path, sums)
    (tmp_path / "a").write_bytes(b"abd")
    assert not is_as_left(tmp_path, sums)
    with (tmp_path / "a").open("wb") as file:
        file.truncate(1 << 43)
    monkeypatch.setattr(
        rag.storage.seal, "folder_sums", lambda _: pytest.fail("a file of 8 terabytes was read")
    )
    assert not is_as_left(tmp_path, sums)
