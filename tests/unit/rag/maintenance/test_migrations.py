"""Libraries of older versions: brought up to this one, or left as they were, never between."""

from __future__ import annotations

import logging
import sqlite3
import threading

import numpy as np
import pytest
from fakes import AngleEmbedder, passages, put
from old_schemas import VERSION_1

from rag import library as libraries
from rag.catalog import FILE, Catalog
from rag.errors import LibraryInUse, StorageError
from rag.library import Library
from rag.maintenance import migrations
from rag.maintenance.backup import read_backup
from rag.maintenance.migrations import STEPS, Step, migrate
from rag.maintenance.restoring import restore
from rag.storage.lock import WriterLock
from rag.storage.schema import SCHEMA_VERSION

TEXT = "A zebra ran.\nThe moon rose."


@pytest.fixture
def old(tmp_path):
    """The folder of a library as version 1 made it, with one document of two passages."""
    folder = tmp_path / "old"
    folder.mkdir()
    raw = sqlite3.connect(folder / FILE)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.executescript(VERSION_1)
    raw.execute(
        "INSERT INTO documents VALUES "
        "('a', 'file:///documents/a.txt', 'A', 'text/plain', '00', 27, NULL, 2, '2026-01-01', 'ready', NULL)"
    )
    raw.execute("INSERT INTO texts VALUES ('a', ?, '[]')", (TEXT,))
    for n, passage in enumerate(passages("a", TEXT), 1):
        [vector] = AngleEmbedder().embed([f"A\n{passage.text}"])
        raw.execute(
            "INSERT INTO passages VALUES (?, ?, 'a', ?, ?, NULL, '[]', 'A', ?)",
            (n, passage.id, passage.start, passage.end, passage.text),
        )
        raw.execute("INSERT INTO vectors VALUES (?, ?, ?)", (n, passage.id, vector.tobytes()))
        raw.execute("INSERT INTO passage_index(rowid, context, text) VALUES (?, 'A', ?)", (n, passage.text))
    raw.commit()
    raw.close()
    return folder


def version(folder) -> int:
    raw = sqlite3.connect(folder / FILE)
    try:
        return int(raw.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()[0])
    finally:
        raw.close()


def user_version(folder) -> int:
    raw = sqlite3.connect(folder / FILE)
    try:
        return raw.execute("PRAGMA user_version").fetchone()[0]
    finally:
        raw.close()


def shape(folder) -> dict[str, set[tuple]]:
    """Return every table of a catalogue with its columns."""
    raw = sqlite3.connect(folder / FILE)
    try:
        names = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: {
                (column, kind, must, key)
                for _, column, kind, must, _, key in raw.execute(f"PRAGMA table_info('{name}')")
            }
            | set(raw.execute(f"PRAGMA foreign_key_list('{name}')"))
            for name in names
        }
    finally:
        raw.close()


def test_the_steps_lead_to_this_version_one_by_one() -> None:
    assert [step.version for step in STEPS] == list(range(2, SCHEMA_VERSION + 1))


def test_a_migrated_library_answers_as_before(old, embedder) -> None:
    [question] = embedder.embed(["A\nA zebra ran."])
    with Library.open(old) as library:
        library.require(embedder.fingerprint)
        assert library.text("a") == TEXT
        [(best, score)] = library.search_dense(question, 1)
        assert score == pytest.approx(1.0)
        assert library.catalog.search(["zebra"], 5)[0][0] == best
        put(library, "b", "A river froze.", embedder)
        assert len(library) == 3
    assert version(old) == SCHEMA_VERSION


def test_a_migrated_catalogue_has_the_shape_of_a_new_one(old, tmp_path) -> None:
    Library.open(old).close()
    Library.open(tmp_path / "new", create=True).close()
    assert shape(old) == shape(tmp_path / "new")


def test_a_migrated_library_is_sealed_by_its_next_writer(old) -> None:
    Library.open(old).close()
    assert user_version(old) == 0
    for _ in range(2):
        with Library.open(old) as library:
            library.lock()
            assert library.text("a") == TEXT
        assert user_version(old)


def test_a_copy_is_kept_and_told_and_can_be_restored(old, tmp_path, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        Library.open(old).close()
    assert f"from schema 1 to {SCHEMA_VERSION}" in caplog.text
    assert "catalogue-schema-1.sqlite3" in caplog.text
    kept = old / "catalogue-schema-1.sqlite3"
    assert (read_backup(kept).schema_version, read_backup(kept).n_documents) == (1, 1)
    restore(kept, tmp_path / "again")
    assert version(tmp_path / "again") == 1
    with Library.open(tmp_path / "again") as library:
        assert library.text("a") == TEXT


def test_a_library_of_this_version_is_left_alone(library, caplog) -> None:
    library.close()
    with caplog.at_level(logging.WARNING):
        Library.open(library.path).close()
    assert caplog.text == ""
    assert not list(library.path.glob("catalogue-schema*"))


class Stop(BaseException):
    """Raised in the middle of a step, as a kill would end it."""


def dies(connection) -> None:
    connection.exec_driver_sql("CREATE TABLE half (n INTEGER)")
    connection.exec_driver_sql("DELETE FROM vectors")
    raise Stop


@pytest.mark.parametrize(
    ("steps", "left_at"),
    [
        pytest.param([Step(2, dies)], 1, id="in the first"),
        pytest.param([*STEPS[:-1], Step(SCHEMA_VERSION, dies)], SCHEMA_VERSION - 1, id="in a later one"),
    ],
)
def test_what_breaks_off_is_undone_and_opens_again(old, steps, left_at: int) -> None:
    catalog = Catalog(old)
    with pytest.raises(Stop):
        migrate(catalog, steps)
    catalog.close()
    assert version(old) == left_at
    assert "half" not in shape(old)
    with Library.open(old) as library:
        assert library.text("a") == TEXT
        assert np.shape(library.catalog.vectors()[1]) == (2, AngleEmbedder.dimensions)


def test_without_room_for_the_copy_nothing_is_changed(old, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rag.storage.sqlite_files.flush", full)
    with pytest.raises(StorageError, match="No space left"):
        Library.open(old)
    assert version(old) == 1
    assert user_version(old) == 0  # the Footnote that made it knows no seals, and would break one
    assert sorted(file.name for file in old.iterdir() if "schema" in file.name) == []
    monkeypatch.undo()
    Library.open(old).close()
    assert version(old) == SCHEMA_VERSION


def test_a_reader_is_told_while_another_process_holds_an_old_library(old) -> None:
    lock = WriterLock(old)
    lock.acquire("a test")
    with pytest.raises(LibraryInUse, match="in use by 'a test'"):
        Library.open(old)
    assert version(old) == 1
    lock.release()
    Library.open(old).close()
    assert version(old) == SCHEMA_VERSION


def test_readers_see_the_old_catalogue_or_the_new_one_while_it_is_migrated(old, monkeypatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(connection) -> None:
        STEPS[0].apply(connection)
        begun.set()
        assert go_on.wait(30)

    monkeypatch.setattr(libraries, "migrate", lambda catalog: migrate(catalog, [Step(2, slowly)]))
    migrating = threading.Thread(target=lambda: Library.open(old).close())
    migrating.start()
    try:
        assert begun.wait(30)
        raw = sqlite3.connect(old / FILE, timeout=0.1)
        assert raw.execute("SELECT text FROM texts").fetchall() == [(TEXT,)]
        assert raw.execute("SELECT count(*) FROM sqlite_master WHERE name = 'next_vectors'").fetchone() == (
            0,
        )
        with pytest.raises(LibraryInUse, match="bringing the library up to this version"):
            Library.open(old)
    finally:
        go_on.set()
        migrating.join()
    assert raw.execute("SELECT count(*) FROM next_vectors").fetchone() == (0,)
    raw.close()
    monkeypatch.undo()
    Library.open(old).close()
    assert version(old) == SCHEMA_VERSION


def test_nothing_is_kept_where_no_step_is_needed(library) -> None:
    assert migrations.migrate(library.catalog) is None
    assert not list(library.path.glob("catalogue-schema*"))
