"""Restoring: what was backed up answers again, and what was there is not lost by it."""

from __future__ import annotations

import os
import sqlite3

import pytest
from fakes import put

from rag.catalog import FILE
from rag.errors import BackupError, LibraryDamaged, LibraryInUse, StorageError
from rag.library import Library
from rag.maintenance import restoring
from rag.maintenance.backup import write_backup
from rag.maintenance.restoring import ASIDE, restore


@pytest.fixture
def file(tmp_path, embedder):
    """A backup of a library with one document about zebras."""
    with Library.open(tmp_path / "first", create=True) as library:
        put(library, "a", "A zebra ran.\nThe moon rose.", embedder)
        library.open_index()
        write_backup(library.path / FILE, tmp_path / "one.backup")
    return tmp_path / "one.backup"


def titles(path) -> list[str]:
    with Library.open(path) as library:
        return [document.title for document in library.documents()]


def leftovers(path) -> list[str]:
    kept = {FILE, "catalogue.sums", "writer.lock", "writer.json"}
    return sorted(f.name for f in path.iterdir() if f.name not in kept and not f.name.startswith("chroma-"))


@pytest.mark.parametrize("there", ["no folder", "a folder", "an empty library"])
def test_what_was_backed_up_answers_again(file, tmp_path, embedder, there: str) -> None:
    path = tmp_path / "library"
    if there == "a folder":
        path.mkdir()
    elif there == "an empty library":
        Library.open(path, create=True).close()
    restore(file, path)
    [question] = embedder.embed(["Zebra\nA zebra ran."])
    with Library.open(path) as library:
        library.require(embedder.fingerprint)
        library.open_index()
        assert library.text("a") == "A zebra ran.\nThe moon rose."
        assert library.search_dense(question, 1)[0][0] == library.catalog.search(["zebra"], 1)[0][0]
        assert library.catalog.get_meta("backup") is None
    assert leftovers(path) == []


def test_a_library_that_holds_something_is_left_alone(file, library, embedder) -> None:
    put(library, "own", "An embassy.", embedder)
    library.close()
    with pytest.raises(StorageError, match="holds 1 documents: .* --replace"):
        restore(file, library.path)
    assert titles(library.path) == ["Own"]
    assert leftovers(library.path) == []


def test_it_is_replaced_where_that_is_wanted(file, library, embedder) -> None:
    put(library, "own", "An embassy.", embedder)
    library.open_index()
    library.close()
    restore(file, library.path, replace=True)
    assert titles(library.path) == ["A"]
    assert leftovers(library.path) == []
    with Library.open(library.path) as again:
        again.open_index()
        assert again._index.current.ids() == set(again.catalog.vectors()[0])


def test_whoever_reads_meanwhile_sees_the_restored_library_next(file, library, embedder) -> None:
    for name in ("own", "more"):
        put(library, name, "An embassy.", embedder)
    [question] = embedder.embed(["zebra"])
    library.close()
    with Library.open(library.path) as reader:
        before = reader.search_dense(question, 1)
        restore(file, library.path, replace=True)
        after = reader.search_dense(question, 1)
        assert after != before
        assert [d.id for d in reader.documents()] == ["a"]


def test_one_that_does_not_come_out_right_is_undone(file, library, embedder, monkeypatch) -> None:
    put(library, "own", "An embassy.", embedder)
    library.close()
    real = restoring.sqlite_files.copy

    def lossy(source, target, tick=None) -> None:
        real(source, target, tick)
        target.execute("UPDATE texts SET text = 'other' WHERE document_id = 'a'")

    monkeypatch.setattr(restoring.sqlite_files, "copy", lossy)
    with pytest.raises(BackupError, match="is not what the backup holds"):
        restore(file, library.path, replace=True)
    assert titles(library.path) == ["Own"]
    with Library.open(library.path) as undone:
        assert undone.catalog.get_meta("backup") is None


@pytest.mark.parametrize(
    ("fails", "title"),
    [pytest.param("copy", "Own", id="before"), pytest.param("empty_log", "A", id="after")],
)
def test_a_full_disk_leaves_the_old_library_or_the_new_one(
    file, library, embedder, monkeypatch, fails: str, title: str
) -> None:
    put(library, "own", "An embassy.", embedder)
    library.close()

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    def keep(*arguments):  # from then on, the disk is full
        kept = keeping(*arguments)
        monkeypatch.setattr(restoring.sqlite_files, fails, full)
        return kept

    keeping = restoring._keep
    monkeypatch.setattr(restoring, "_keep", keep)
    if title == "Own":
        with pytest.raises(StorageError, match="no space left for the library"):
            restore(file, library.path, replace=True)
    else:
        restore(file, library.path, replace=True)
    assert titles(library.path) == [title]
    assert leftovers(library.path) == []


def test_a_kill_while_it_is_put_in_place_leaves_the_old_library(file, library, embedder, monkeypatch) -> None:
    put(library, "own", "An embassy.", embedder)
    library.close()

    class Killed(BaseException):
        pass

    def dies(stage: str, done: int, total: int) -> None:
        if stage == "putting it in place":
            raise Killed

    monkeypatch.setattr(restoring.sqlite_files, "_PAGES_AT_ONCE", 1)
    with pytest.raises(Killed):
        restore(file, library.path, replace=True, progress=dies)
    assert titles(library.path) == ["Own"]
    restore(library.path / ASIDE, library.path.parent / "other")
    assert titles(library.path.parent / "other") == ["Own"]


def test_a_library_in_use_is_not_touched(file, library, embedder) -> None:
    put(library, "own", "An embassy.", embedder)
    with pytest.raises(LibraryInUse, match="in use by"):
        restore(file, library.path, replace=True)
    assert [d.title for d in library.documents()] == ["Own"]


def zeroed(path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def emptied_of_pages(path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


@pytest.mark.parametrize("damage", [zeroed, emptied_of_pages, lambda path: path.unlink()],
                         ids=["zeroed", "pages", "deleted"])  # fmt: skip
def test_a_damaged_library_comes_back(file, library, embedder, damage) -> None:
    put(library, "own", "An embassy.", embedder)
    library.close()
    damage(library.path / FILE)
    if (library.path / FILE).exists():
        with pytest.raises(StorageError, match="cannot be read"):
            restore(file, library.path)
    restore(file, library.path, replace=True)
    assert titles(library.path) == ["A"]


def test_a_damaged_catalogue_is_kept_for_whoever_can_read_it(file, library, embedder) -> None:
    put(library, "own", "An embassy.", embedder)
    library.close()
    zeroed(library.path / FILE)
    size = (library.path / FILE).stat().st_size
    restore(file, library.path, replace=True)
    assert (library.path / "catalogue-damaged-1").stat().st_size == size


@pytest.mark.parametrize(("links", "words"), [(True, "is damaged"), (False, "its file is gone")])
def test_a_kill_between_the_damaged_catalogue_and_the_restored_one_is_told(
    file, library, embedder, monkeypatch, links: bool, words: str
) -> None:
    put(library, "own", "An embassy.", embedder)
    library.close()
    zeroed(library.path / FILE)
    set_aside = restoring.set_aside

    class Killed(BaseException):
        pass

    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        if not links:  # a file system that has none

            def refused(*_: object) -> None:
                raise OSError

            patched.setattr(os, "link", refused)
        patched.setattr(restoring, "set_aside", lambda folder: (set_aside(folder), dies()))
        with pytest.raises(Killed):
            restore(file, library.path, replace=True)
    for create in (False, True):
        with pytest.raises(LibraryDamaged, match=f"{words}.*footnote restore"):
            Library.open(library.path, create=create)
    restore(file, library.path, replace=True)
    assert titles(library.path) == ["A"]


def test_a_log_without_its_catalogue_is_not_read_into_the_restored_one(file, tmp_path) -> None:
    path = tmp_path / "library"
    path.mkdir()
    (path / f"{FILE}-wal").write_bytes(b"of another database" * 1000)
    restore(file, path)
    assert titles(path) == ["A"]


def test_a_bad_backup_changes_nothing(tmp_path) -> None:
    (tmp_path / "bad").write_bytes(b"not a backup" * 1000)
    with pytest.raises(BackupError):
        restore(tmp_path / "bad", tmp_path / "library")
    assert not (tmp_path / "library").exists()
