"""Removal is real: no file of the library holds a word of what was purged."""

from __future__ import annotations

import shutil
import sqlite3

import pytest
from fakes import put

from rag.catalog import FILE
from rag.checking import check
from rag.errors import LibraryInUse, StorageError
from rag.library import Library
from rag.maintenance.backup import write_backup
from rag.maintenance.upkeep import UPLOADS, lexical_index_fits

TOLD = "Quixotically the Zyzzyva-Protocol was signed in Ouagadougou by Wolfeschlegelstein."
WORDS = ("quixotically", "zyzzyva", "protocol", "ouagadougou", "wolfeschlegelstein", "confidenza")
DEAD = 99_999_999
"""A number that no process can have."""

STEMS = ("quixot", "zyzzyva", "ouagadougou", "wolfeschlegel")


@pytest.fixture
def full(library, embedder):
    """A library of one document to keep and one to remove, long enough to fill pages of its own."""
    put(library, "kept", "A zebra ran.\nThe moon rose.", embedder)
    put(
        library,
        "secret",
        "\n".join(f"{TOLD} Line {i}." for i in range(200)),
        embedder,
        title="Confidenza",
        uri="file:///documents/confidenza.txt",
    )
    library.open_index()
    return library


def holding(folder, words=(*WORDS, *STEMS)) -> set[str]:
    """Return the files below a folder that hold one of the words, in any case."""
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and any(word.encode() in file.read_bytes().lower() for word in words)
    }


def test_the_search_of_the_bytes_finds_what_is_there(full) -> None:
    assert holding(full.path)
    for word in (*WORDS, *STEMS[:1]):
        assert holding(full.path, [word]), word


def test_after_a_removal_no_query_finds_it(full, embedder) -> None:
    [question] = embedder.embed([TOLD])
    full.remove("secret")
    kept = {passage_id for passage_id, _ in full.catalog.search(["zebra", "moon"], 9)}
    assert full.catalog.search([*WORDS, *STEMS], 99) == []
    assert set(full.catalog.document_frequency([*WORDS, *STEMS]).values()) == {0}
    assert {passage_id for passage_id, _ in full.search_dense(question, 99)} == kept


def test_after_a_purge_no_file_holds_it(full, embedder) -> None:
    full.remove("secret")
    full.purge()
    assert holding(full.path) == set()
    full.close()
    assert holding(full.path) == set()
    with Library.open(full.path) as library:
        assert lexical_index_fits(library.catalog)
        library.open_index()
        [question] = embedder.embed(["Kept\nA zebra ran."])
        assert library.search_dense(question, 1)[0][0] == library.catalog.search(["zebra"], 1)[0][0]
        assert library._index.current.count() == 2


def test_what_was_removed_or_replaced_long_ago_goes_as_well(full, embedder) -> None:
    put(full, "secret", "The moon rose.", embedder, title="Other", uri="file:///documents/confidenza.txt")
    full.close()
    with Library.open(full.path) as library:
        library.remove("secret")
        library.purge()
    assert holding(full.path) == set()


def test_copies_of_the_catalogue_go_as_well(full) -> None:
    write_backup(full.path / FILE, full.path / "catalogue-schema-1.sqlite3")
    for name in (f".{FILE}.{DEAD}-abcdefgh.part", "catalogue-replaced.sqlite3", "catalogue-damaged-1-wal"):
        shutil.copy(full.path / FILE, full.path / name)
    (full.path / "catalogue-notes.txt").write_text("not ours")
    full.remove("secret")
    full.purge()
    assert holding(full.path) == set()
    assert [file.name for file in full.path.glob("catalogue-*")] == ["catalogue-notes.txt"]


def test_uploaded_files_go_with_their_documents(full, embedder) -> None:
    uploads = full.path / UPLOADS
    uploads.mkdir()
    for name in ("gone", "kept"):
        (uploads / f"{name}.txt").write_text(TOLD if name == "gone" else "A river froze.")
        put(full, name, "A river froze.", embedder, uri=(uploads / f"{name}.txt").as_uri())
    (uploads / "never-read.txt").write_text(TOLD)
    full.remove("gone")
    full.remove("secret")
    full.purge()
    assert [file.name for file in uploads.iterdir()] == ["kept.txt"]
    assert holding(full.path) == set()


def test_an_uploaded_file_goes_with_its_document_and_so_do_empty_folders(full, embedder) -> None:
    uploads = full.path / UPLOADS
    for name in ("@anna/2026/may/gone.txt", "@anna/2026/kept.txt", "other file.txt"):
        (uploads / name).parent.mkdir(parents=True, exist_ok=True)
        (uploads / name).write_text("A river froze.")
        put(full, name, "A river froze.", embedder, uri=(uploads.absolute() / name).as_uri())
    full.remove("@anna/2026/may/gone.txt")
    assert sorted(path.name for path in uploads.rglob("*")) == ["2026", "@anna", "kept.txt", "other file.txt"]
    full.remove("other file.txt")
    full.remove("@anna/2026/kept.txt")
    assert list(uploads.iterdir()) == []
    assert uploads.is_dir()


def test_a_file_that_was_not_uploaded_stays(full, embedder, tmp_path) -> None:
    (tmp_path / "own.txt").write_text("A river froze.")
    for name, uri in (
        ("own", (tmp_path / "own.txt").as_uri()),
        ("upwards", f"{(full.path / UPLOADS).absolute().as_uri()}/../../own.txt"),
        ("elsewhere", f"https://localhost{(tmp_path / 'own.txt')}"),
    ):
        put(full, name, "A river froze.", embedder, uri=uri)
        full.remove(name)
    assert (tmp_path / "own.txt").is_file()


def test_a_purge_removes_uploads_in_folders_that_no_document_is_made_from(full, embedder) -> None:
    for name in ("@anna/kept.txt", "@anna/a/left.txt", ".incoming/part"):
        (full.path / UPLOADS / name).parent.mkdir(parents=True, exist_ok=True)
        (full.path / UPLOADS / name).write_text("A river froze.")
    put(full, "kept", "A river froze.", embedder, uri=(full.path / UPLOADS / "@anna/kept.txt").as_uri())
    full.purge()
    assert sorted(path.name for path in (full.path / UPLOADS).rglob("*")) == ["@anna", "kept.txt"]


def test_the_old_index_goes_as_well(full) -> None:
    [before] = full.path.glob("chroma-*")
    full.remove("secret")
    full.purge()
    assert not before.exists()
    assert not list(full.path.glob("chroma-*"))
    assert [each for each in check(full) if each.area == "index"] == []
    full.open_index()
    assert [each.name for each in full.path.glob("chroma-*")] == ["chroma-2"]


def test_an_old_index_that_cannot_go_is_told(full, monkeypatch) -> None:
    full.remove("secret")
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(StorageError, match="old index .*chroma-1 cannot be removed"):
        full.purge()


def test_one_who_still_reads_what_was_removed_is_told_of(full, monkeypatch) -> None:
    monkeypatch.setattr("rag.storage.sqlite_files._BUSY_S", 0.1)
    reader = sqlite3.connect(full.path / FILE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM texts").fetchone()
    full.remove("secret")
    with pytest.raises(LibraryInUse, match=r"another process reads|busy"):
        full.purge()
    assert reader.execute("SELECT count(*) FROM texts").fetchone() == (2,)
    reader.close()
    full.purge()
    assert holding(full.path) == set()
