from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from contextlib import closing

import pytest
from fakes import put

from rag.catalog import FILE, Catalog
from rag.errors import LibraryDamaged, LibraryMissing
from rag.library import Library
from rag.maintenance.backup import write_backup
from rag.maintenance.restoring import restore
from rag.storage import schema, sqlite_files


@pytest.fixture
def left(library, embedder):
    """A library that its writer has closed."""
    put(library, "a", "A zebra ran.", embedder)
    library.close()
    return library.path


def user_version(path) -> int:
    with closing(sqlite3.connect(path / FILE)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_a_writer_seals_what_it_closes_and_unseals_what_it_writes_to(left) -> None:
    assert user_version(left)
    with Library.open(left) as library:
        assert user_version(left)
        library.lock()
        assert not user_version(left)
    assert user_version(left)


def test_a_reader_leaves_the_seal_as_it_is(left) -> None:
    before = (left / FILE).read_bytes()
    with Library.open(left) as library:
        assert library.catalog.search(["zebra"], 5)
    assert (left / FILE).read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[: len(data) // 2], id="cut in half"),
        pytest.param(lambda data: data.replace(b"zebra", b"zebro"), id="another word"),
        pytest.param(lambda data: data[:18] + b"\x09\x09" + data[20:], id="another format"),
        pytest.param(lambda data: data + b"more", id="more at the end"),
    ],
)
@pytest.mark.parametrize("create", [False, True])
def test_what_is_not_as_it_was_left_is_damaged(left, damage, create: bool) -> None:
    (left / FILE).write_bytes(damage((left / FILE).read_bytes()))
    with pytest.raises(LibraryDamaged, match="damaged .*footnote restore FILE"):
        Library.open(left, create=create)


@pytest.mark.parametrize("create", [False, True])
def test_a_catalogue_that_is_gone_is_not_begun_anew(left, create: bool) -> None:
    with Library.open(left) as library:
        library.open_index()
    (left / FILE).unlink()
    with pytest.raises(LibraryDamaged, match="its file is gone"):
        Library.open(left, create=create)


def test_one_that_was_not_closed_is_looked_over(left) -> None:
    with Library.open(left) as library:
        library.catalog.unseal()
    with (left / FILE).open("r+b") as file:
        file.seek(8192)
        file.write(bytes(4096))
    with pytest.raises(LibraryDamaged, match=r"damaged \([^*\n]+\): bring it back") as told:
        Library.open(left)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("moved", ["nothing", "all but the header", "all"])
def test_a_kill_between_the_first_change_and_the_end_of_the_log_is_no_damage(
    left, embedder, tmp_path, moved: str
) -> None:
    """The file still has its seal, or pages of both, while the log has what counts."""
    killed = tmp_path / "killed"
    killed.mkdir()
    with Library.open(left) as library:
        put(library, "b", "A river froze.", embedder)
        for name in (FILE, f"{FILE}-wal"):
            shutil.copy(left / name, killed / name)
    before, after = (killed / FILE).read_bytes(), (left / FILE).read_bytes()
    assert int.from_bytes(before[60:64], "big")
    pages = {"nothing": before, "all but the header": before[:4096] + after[4096:], "all": after}
    (killed / FILE).write_bytes(pages[moved])
    with Library.open(killed) as library:
        assert {document.id for document in library.documents()} == {"a", "b"}
        library.lock()
    assert user_version(killed)
    with Library.open(killed) as library:
        assert len(library) == 2


def test_a_catalogue_that_is_made_small_is_no_damage(left) -> None:
    sqlite_files.shrink(left / FILE)
    assert user_version(left) == 0
    with Library.open(left) as library:
        assert len(library) == 1


def test_a_restore_over_a_sealed_catalogue_is_no_damage(left, tmp_path) -> None:
    write_backup(left / FILE, tmp_path / "one.backup")
    assert user_version(left)
    restore(tmp_path / "one.backup", left, replace=True)
    assert user_version(left) == 0
    with Library.open(left) as library:
        assert library.text("a") == "A zebra ran."


def test_a_database_without_our_tables_is_damaged(tmp_path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("CREATE TABLE other (x)")
    with pytest.raises(LibraryDamaged, match="its tables are gone"):
        Catalog(tmp_path)


def test_a_seal_that_a_writer_takes_away_meanwhile_is_no_damage(left, monkeypatch) -> None:
    from rag.storage import seal

    with Library.open(left) as library:
        library.catalog.unseal()
    monkeypatch.setattr(seal, "opened", lambda path: False)
    monkeypatch.setattr(seal, "closed", lambda path, *, sealing: None)
    with Library.open(left) as library:
        assert len(library) == 1


def test_a_catalogue_is_made_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(schema, "LEXICAL_INDEX", "CREATE nonsense")
    with pytest.raises(Exception, match="nonsense"):
        Catalog(tmp_path / "new", create=True)
    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(LibraryMissing):
        Catalog(tmp_path / "new")


def test_a_new_catalogue_is_all_in_one_file_before_it_has_its_name(tmp_path, monkeypatch) -> None:
    """A log that a full disk keeps from being moved into the file would be lost with the folder."""
    link, seen = os.link, []

    def watched(made, path) -> None:
        with closing(sqlite3.connect(f"{made.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            journal = connection.execute("PRAGMA journal_mode").fetchone()
            seen.append((journal, connection.execute("SELECT count(*) FROM meta").fetchone()))
        link(made, path)

    monkeypatch.setattr(os, "link", watched)
    schema.create(tmp_path / FILE)
    assert seen == [(("delete",), (2,))]


def test_of_two_that_make_one_the_first_stays(tmp_path) -> None:
    schema.create(tmp_path / FILE)
    first = (tmp_path / FILE).stat().st_ino
    schema.create(tmp_path / FILE)
    assert (tmp_path / FILE).stat().st_ino == first


def test_a_file_system_without_hard_links_will_do(tmp_path, monkeypatch) -> None:
    def refused(*_arguments: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", refused)
    Catalog(tmp_path / "new", create=True).close()
    assert [file.name for file in (tmp_path / "new").iterdir()] == [FILE]


def test_a_snapshot_sees_one_generation(library, embedder) -> None:
    put(library, "a", "A zebra ran.", embedder)
    with library.catalog.snapshot():
        before = library.catalog.generation
        other = threading.Thread(target=put, args=(library, "b", "The moon rose.", embedder))
        other.start()
        other.join()
        assert library.catalog.generation == before
        assert [document.id for document in library.documents()] == ["a"]
        assert library.catalog.search(["moon"], 5) == []
    assert len(library.documents()) == 2


def test_what_fails_inside_a_snapshot_stays_what_it_is(library) -> None:
    with pytest.raises(FileNotFoundError, match="a model"), library.catalog.snapshot():
        raise FileNotFoundError("a model")
    assert library.documents() == []


def test_closing_twice_is_closing_once(left) -> None:
    library = Library.open(left)
    library.close()
    library.close()
    with Library.open(left) as again:
        assert len(again) == 1
