import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from fakes import document, passages, put

from rag.catalog import FILE, Catalog
from rag.errors import LibraryDamaged, LibraryIncompatible, LibraryMissing, StorageError
from rag.types import Text


def test_a_document_comes_back_as_it_went_in(library, embedder) -> None:
    cut = put(library, "notes", "A zebra ran.\nThe moon rose.", embedder)
    assert library.text("notes") == "A zebra ran.\nThe moon rose."
    found = library.catalog.passages([p.id for p in cut])
    assert [(found[p.id].text, found[p.id].uri, found[p.id].title) for p in cut] == [
        ("A zebra ran.", "file:///documents/notes.txt", "Notes"),
        ("The moon rose.", "file:///documents/notes.txt", "Notes"),
    ]


def test_vectors_keep_their_bits(library, embedder) -> None:
    cut = put(library, "notes", "A zebra ran.\nThe moon rose.", embedder)
    ids, vectors = library.catalog.vectors()
    assert ids == [p.id for p in cut]
    assert np.array_equal(vectors, embedder.embed(["Notes\nA zebra ran.", "Notes\nThe moon rose."]))


def test_a_new_version_replaces_the_old_one(library, embedder) -> None:
    kept, gone = put(library, "notes", "A zebra ran.\nThe moon rose.", embedder)
    put(library, "notes", "A zebra ran.\nThe river froze.", embedder)
    assert library.catalog.search(["moon"], 5) == []
    assert library.catalog.passages([gone.id]) == {}
    assert len(library) == 2
    assert [i for i, _ in library.catalog.search(["zebra"], 5)] == [kept.id]


def test_each_change_counts_a_generation(library, embedder) -> None:
    before = library.catalog.generation
    put(library, "a", "A zebra ran.", embedder)
    library.remove("a")
    assert library.catalog.generation == before + 2


def test_a_removed_document_leaves_nothing(library, embedder) -> None:
    put(library, "a", "A zebra ran.", embedder)
    library.remove("a")
    assert (library.documents(), len(library), library.text("a")) == ([], 0, "")
    with sqlite3.connect(library.path / FILE) as raw:
        for table in ("documents", "texts", "passages", "vectors"):
            assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608 - fixed names
        assert raw.execute("SELECT count(*) FROM passage_index('zebra')").fetchone() == (0,)
    raw.close()


def test_a_document_that_takes_the_place_of_another_is_one_change(library, embedder) -> None:
    catalog = library.catalog
    old = [each.id for each in put(library, "old", "Zebras run.\nThe moon rises.", embedder)]
    passages_there, contexts = catalog.stored("old")
    before = catalog.generation
    new = [replace(each, id=f"new{n}", document_id="new") for n, each in enumerate(passages_there)]
    ids, vectors = catalog.vectors(old)
    change = catalog.put(
        document("new", "", 2),
        Text("Zebras run.\nThe moon rises.", "text/plain"),
        new,
        contexts,
        vectors,
        replaces="old",
    )
    assert (set(change.removed), change.added) == (set(old), ("new0", "new1"))
    assert (catalog.generation, [each.id for each in library.documents()]) == (before + 1, ["new"])
    assert catalog.stored("new") == (new, contexts)
    assert [found for found, _ in catalog.search(["zebra"], 5)] == ["new0"]
    assert (catalog.text("old"), catalog.vectors()[0], len(ids)) == ("", ["new0", "new1"], 2)


def test_a_failed_version_keeps_the_old_one_answering(library, embedder) -> None:
    put(library, "a", "A zebra ran.", embedder)
    library.fail(document("a", "", 0, status="failed", error="a.txt: broken"))
    [found] = library.documents()
    assert (found.status, found.error, found.n_passages) == ("failed", "a.txt: broken", 1)
    assert len(library.catalog.search(["zebra"], 5)) == 1


@pytest.mark.parametrize("term", ['"', "a OR b", "NEAR(", "col:x", "*", "^zebra", "-zebra", "ze'bra"])
def test_no_word_of_a_question_is_an_operator(library, embedder, term: str) -> None:
    put(library, "a", "A zebra ran.", embedder)
    library.catalog.search([term], 5)
    library.catalog.document_frequency([term])


def test_words_meet_by_their_stems(library, embedder) -> None:
    put(library, "a", "The flights resumed.", embedder)
    assert len(library.catalog.search(["flight"], 5)) == 1
    assert library.catalog.document_frequency(["resume", "zebra"]) == {"resume": 1, "zebra": 0}


def test_there_is_no_library(tmp_path) -> None:
    with pytest.raises(LibraryMissing, match="footnote add"):
        Catalog(tmp_path / "none")


def test_a_newer_library_is_refused(tmp_path) -> None:
    catalog = Catalog(tmp_path, create=True)
    catalog.set_meta({"schema_version": "99"})
    catalog.close()
    with pytest.raises(LibraryIncompatible, match="schema 99"):
        Catalog(tmp_path)


def test_a_file_that_is_no_database_is_called_damaged(tmp_path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, and long enough to be looked at" * 100)
    with pytest.raises(LibraryDamaged, match="damaged"):
        Catalog(tmp_path)


def test_a_path_that_cannot_be_a_folder_is_named(tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="file"):
        Catalog(tmp_path / "file" / "library", create=True)


def test_a_full_disk_loses_nothing(library, embedder) -> None:
    put(library, "a", "A zebra ran.", embedder)
    with library.catalog._store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    from sqlalchemy import event

    @event.listens_for(library.catalog._store._engine, "begin")
    def full(connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    with pytest.raises(StorageError, match="no space left"):
        put(library, "b", "\n".join(f"Line {i} about the moon." for i in range(500)), embedder)
    assert [d.id for d in library.documents()] == ["a"]
    assert len(library.catalog.search(["zebra"], 5)) == 1
    assert library.catalog.search(["moon"], 5) == []


def test_passages_of_the_fakes_are_exact() -> None:
    assert [p.text for p in passages("a", "one\ntwo")] == ["one", "two"]


def test_passages_are_numbered_in_the_order_in_which_they_came(library, embedder) -> None:
    first = put(library, "first", "A zebra ran.\nThe moon rose.", embedder)
    last = library.catalog.last_number
    second = put(library, "second", "A river froze.", embedder)
    ids = [passage.id for passage in first]
    assert library.catalog.passage_ids() == [*ids, second[0].id]
    assert library.catalog.passage_ids(after=last) == [second[0].id]
    assert library.catalog.n_passages == 3


def test_no_number_is_given_twice(library, embedder) -> None:
    assert library.catalog.last_number == 0
    put(library, "first", "A zebra ran.\nThe moon rose.", embedder)
    last = library.catalog.last_number
    library.remove("first")
    assert (library.catalog.last_number, library.catalog.n_passages) == (last, 0)
    put(library, "second", "A river froze.", embedder)
    assert len(library.catalog.passage_ids(after=last)) == 1
