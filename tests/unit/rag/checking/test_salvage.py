from __future__ import annotations

import os
import sqlite3

import pytest
from fakes import put

from rag.catalog import FILE
from rag.checking.salvage import Lost, salvage
from rag.errors import LibraryDamaged, LibraryIncompatible, LibraryInUse, StorageError
from rag.library import Library
from rag.maintenance import restoring
from rag.people.api_keys import ApiKeys
from rag.people.users import Users
from rag.storage import page_sums
from rag.storage.lock import WriterLock
from rag.storage.schema import SCHEMA_VERSION
from rag.storage.sqlite_files import digest, opened, unseal
from rag.storage.tables import OF_THE_CHAT, next_vectors


@pytest.fixture
def left(library, embedder):
    """The folder of a library of two documents that its writer has closed."""
    put(library, "a", "A zebra ran.\nThe moon rose.", embedder)
    put(library, "b", "Oil money.", embedder)
    library.catalog.set_meta({"ocr:a": "read"})
    library.close()
    return library.path


def spoil(folder, old: bytes, new: bytes) -> bytes:
    data = (folder / FILE).read_bytes()
    assert old in data
    (folder / FILE).write_bytes(data.replace(old, new, 1))
    return (folder / FILE).read_bytes()


def content(folder) -> str:
    with opened(folder / FILE) as raw:
        return digest(raw)


def change(folder, *statements: str) -> None:
    """Change a catalogue as no writer of ours would."""
    with opened(folder / FILE) as raw:
        for statement in statements:
            raw.execute(statement)
        unseal(raw)
    page_sums.forget(folder / FILE)


def test_all_of_it_is_saved_where_a_bit_flipped(left) -> None:
    before = content(left)
    with Library.open(left) as library:
        generation = library.catalog.generation
    data = spoil(left, b"moon", b"moof")
    with pytest.raises(LibraryDamaged, match="'footnote check --repair'"):
        Library.open(left)
    made = salvage(left)
    assert (made.n_documents, made.n_passages, made.lost, made.exact) == (2, 3, (), True)
    assert made.knows_embedder
    assert made.kept == left / "catalogue-damaged-1"
    assert made.kept.read_bytes() == data
    assert content(left) == before
    with Library.open(left) as library:
        assert library.catalog.generation == generation + 1, "processes go by it"
        assert library.catalog.get_meta("ocr:a") == "read"
        assert library.catalog.get_meta("index") is None
        assert len(library.catalog.search(["moon"], 5)) == 1
    assert not list(left.glob(".*"))


def test_each_damaged_catalogue_is_kept(left) -> None:
    for number, flipped in enumerate((b"moof", b"mooo"), 1):
        spoil(left, b"moon", flipped)
        assert salvage(left).kept.name == f"catalogue-damaged-{number}"
        with Library.open(left) as library:
            library.lock()


def test_a_document_is_saved_whole_or_not_at_all(left) -> None:
    change(left, "UPDATE passages SET text = 'A zebra sat.' WHERE text = 'A zebra ran.'")
    made = salvage(left)
    assert made.lost == (Lost("A", "file:///documents/a.txt", "1 of its 2 passages are damaged"),)
    assert (made.n_documents, made.n_passages, made.exact) == (1, 1, False)
    with Library.open(left) as library:
        assert [document.id for document in library.documents()] == ["b"]
        assert library.catalog.search(["moon", "zebra"], 5) == []


def test_ids_are_asked_for_where_there_are_no_checksums(left) -> None:
    change(left, "UPDATE documents SET uri = 'file:///other' WHERE id = 'a'")
    made = salvage(left, lambda document, *_: document.uri == f"file:///documents/{document.id}.txt")
    assert made.lost == (Lost("A", "file:///other", "it is damaged"),)


def test_parts_without_a_document_are_counted(left) -> None:
    change(left, "PRAGMA foreign_keys=OFF", "DELETE FROM documents WHERE id = 'a'")
    made = salvage(left)
    assert made.n_documents == 1
    assert made.lost == (Lost("", "", "what is known of it cannot be read"),)


def test_an_empty_library_becomes_one_again(library) -> None:
    library.lock()
    library.close()
    spoil(library.path, b"generation", b"generatioN")
    made = salvage(library.path)
    assert (made.n_documents, made.lost) == (0, ())
    with Library.open(library.path) as again:
        assert again.documents() == []


@pytest.mark.parametrize("there", [True, False], ids=["not readable", "gone"])
def test_where_nothing_can_be_saved_all_stays_as_it_is(left, there: bool) -> None:
    (left / FILE).unlink()
    page_sums.forget(left / FILE)
    if there:
        (left / FILE).write_bytes(b"not a database " * 1000)
    before = sorted(left.iterdir())
    with pytest.raises(
        LibraryDamaged, match=r"nothing .* can be saved: bring it back .* or move the folder"
    ) as told:
        salvage(left)
    assert told.value.reason == "nothing in it can be saved"
    assert sorted(left.iterdir()) == before


def test_a_newer_one_is_left_alone(left) -> None:
    change(left, "UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    before = (left / FILE).read_bytes()
    with pytest.raises(LibraryIncompatible, match="schema 99"):
        salvage(left)
    assert (left / FILE).read_bytes() == before


def test_one_of_the_first_schema_becomes_one_of_this(left) -> None:
    change(
        left,
        *(f"DROP TABLE {table.name}" for table in reversed((next_vectors, *OF_THE_CHAT))),
        "UPDATE meta SET value = '1' WHERE key = 'schema_version'",
    )
    assert salvage(left).n_documents == 2
    with Library.open(left) as library:
        assert library.catalog.version == SCHEMA_VERSION


def test_keys_still_let_in_whom_they_did_and_none_without_their_user(left) -> None:
    with Library.open(left) as library:
        library.lock()
        Users(library.catalog).add("anna", "correct horse battery")
        keys = ApiKeys(library.catalog)
        hers, nobodys, lost = keys.add("hers", "anna"), keys.add("nobodys"), keys.add("lost", "anna")
    change(left, "PRAGMA foreign_keys=OFF", "UPDATE api_keys SET user = 'gone' WHERE name = 'lost'")
    salvage(left)
    with Library.open(left) as library:
        keys = ApiKeys(library.catalog)
        assert (keys.find(hers).user, keys.find(nobodys).user, keys.find(lost)) == ("anna", "", None)


def test_one_in_use_is_left_alone(left) -> None:
    lock = WriterLock(left)
    lock.acquire("a test")
    with pytest.raises(LibraryInUse, match="in use by 'a test'"):
        salvage(left)
    lock.release()


def test_what_does_not_read_back_is_not_put_in_place(left, monkeypatch) -> None:
    data = spoil(left, b"moon", b"moof")
    monkeypatch.setattr("rag.storage.sqlite_files.integrity", lambda _: ["a page is wrong"])
    with pytest.raises(StorageError, match="does not read back: check the disk"):
        salvage(left)
    assert (left / FILE).read_bytes() == data
    assert not list(left.glob("catalogue-damaged-*"))


def test_a_full_disk_changes_nothing(left, monkeypatch) -> None:
    def full(*_arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    data = spoil(left, b"moon", b"moof")
    monkeypatch.setattr("rag.checking.salvage._written", full)
    with pytest.raises(StorageError, match="no space left"):
        salvage(left)
    assert (left / FILE).read_bytes() == data
    assert not list(left.glob(".*"))


def test_the_damaged_one_stays_in_place_until_the_next_takes_it(left, monkeypatch) -> None:
    data = spoil(left, b"moon", b"moof")
    replace = os.replace
    seen = []

    def watched(source, target) -> None:
        seen.append((left / FILE).read_bytes() == data)
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    salvage(left)
    assert seen == [True]


def test_a_file_system_without_hard_links_will_do(left, monkeypatch) -> None:
    def refused(*_arguments: object) -> None:
        raise PermissionError("no hard links here")

    data = spoil(left, b"moon", b"moof")
    monkeypatch.setattr(restoring.os, "link", refused)
    assert salvage(left).kept.read_bytes() == data
    with Library.open(left) as library:
        assert len(library) == 3
