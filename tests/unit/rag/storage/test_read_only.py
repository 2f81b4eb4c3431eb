from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest
from fakes import put

import rag.storage.sqlite_store
from rag.catalog import FILE
from rag.errors import LibraryDamaged, LibraryInUse, StorageError
from rag.library import Library
from rag.storage.read_only import may_write, unchanged


@pytest.fixture
def left(library, embedder):
    """The folder of a library that its writer has closed."""
    put(library, "a", "A zebra ran.", embedder)
    library.close()
    return library.path


@pytest.fixture
def reading(left, monkeypatch):
    """The same library, as it is for someone who may only read it."""
    monkeypatch.setattr(rag.storage.sqlite_store, "may_write", lambda _: False)
    with Library.open(left) as library:
        monkeypatch.undo()
        yield library


def files(folder) -> dict:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_who_may_write(left, monkeypatch) -> None:
    assert may_write(left / FILE)
    for forbidden in (left, left / FILE):
        monkeypatch.setattr(os, "access", lambda path, _mode, forbidden=forbidden: path != forbidden)
        assert not may_write(left / FILE)


def test_reading_leaves_the_folder_as_it_is(left, reading) -> None:
    before = files(left)
    assert reading.read_only
    assert len(reading) == 1
    assert reading.catalog.search(["zebra"], 5)
    assert len(reading.search_dense(reading.catalog.vectors()[1][0], 5)) == 1
    reading.open_index()
    with reading.catalog.snapshot():
        assert [document.id for document in reading.documents()] == ["a"]
    assert files(left) == before


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda library: library.lock(), id="lock"),
        pytest.param(lambda library: library.remove("a"), id="remove"),
        pytest.param(lambda library: library.require("another"), id="require"),
        pytest.param(lambda library: library.rebuild_index(), id="rebuild the index"),
        pytest.param(lambda library: library.catalog.set_meta({"x": "y"}), id="a fact"),
    ],
)
def test_writing_is_refused(left, reading, write, monkeypatch) -> None:
    before = files(left)
    monkeypatch.setattr(type(reading), "__len__", lambda _: 0)  # else require() finds another embedder
    with pytest.raises(StorageError, match="no permission to write to the library .*: check who owns"):
        write(reading)
    assert files(left) == before


def test_what_another_user_adds_is_seen(left, reading, embedder) -> None:
    assert len(reading) == 1
    with Library.open(left) as writer:
        put(writer, "b", "The moon rose.", embedder)
        assert len(reading) == 2, "by way of the writer's log"
    assert len(reading) == 2
    assert [document.id for document in reading.documents()] == ["a", "b"]


def test_a_change_in_the_middle_of_reading_is_told(left, reading, embedder) -> None:
    def both() -> None:
        with reading.catalog.snapshot():
            assert len(reading) == 1
            with Library.open(left) as writer:
                put(writer, "b", "The moon rose.", embedder)
            reading.documents()

    with pytest.raises(LibraryInUse, match="was changed meanwhile: try again in a moment"):
        both()
    assert len(reading.documents()) == 2


def test_a_log_without_its_index_cannot_be_read(left) -> None:
    (left / f"{FILE}-wal").write_bytes(b"something")
    with pytest.raises(StorageError, match="not closed by its last writer"), unchanged(left / FILE):
        pass


def test_an_empty_log_is_none(left) -> None:
    (left / f"{FILE}-wal").write_bytes(b"")
    with unchanged(left / FILE) as state:
        assert state


def test_a_name_with_marks_of_an_address(tmp_path, embedder, monkeypatch) -> None:
    folder = tmp_path / "50% of what? #1 ü"
    with Library.open(folder, create=True) as library:
        put(library, "a", "A zebra ran.", embedder)
    monkeypatch.setattr(rag.storage.sqlite_store, "may_write", lambda _: False)
    with Library.open(folder) as library:
        assert len(library) == 1


def test_damage_is_found_there_as_well(left, monkeypatch) -> None:
    with closing(sqlite3.connect(left / FILE)) as raw:
        raw.execute("UPDATE documents SET title = 'other'")
        raw.commit()
    monkeypatch.setattr(rag.storage.sqlite_store, "may_write", lambda _: False)
    with pytest.raises(LibraryDamaged, match="not as it was left"):
        Library.open(left)
