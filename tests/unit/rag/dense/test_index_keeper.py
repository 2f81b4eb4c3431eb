from __future__ import annotations

import json
import logging

import pytest
from fakes import put

import rag.dense.index_files
import rag.dense.index_making
from rag.catalog import Catalog
from rag.dense.index import ChromaIndex
from rag.errors import LibraryIncompatible
from rag.library import Library


@pytest.fixture
def left(library, embedder):
    """A library that was closed with its index."""
    for name, text in (("a", "A zebra ran."), ("b", "The moon rose."), ("c", "A river froze.")):
        put(library, name, text, embedder)
    library.open_index()
    library.close()
    return library.path


@pytest.fixture
def zebra(embedder):
    return embedder.embed(["zebra"])[0]


def folder_of(library: Library) -> str:
    return json.loads(library.catalog.get_meta("index") or "{}")["folder"]


class Broken(ChromaIndex):
    """An index that fails at one thing."""

    at = ""

    def __getattribute__(self, name: str):
        if name == Broken.at:
            raise RuntimeError(f"the index cannot {name}")
        return super().__getattribute__(name)


@pytest.fixture
def broken(monkeypatch):
    monkeypatch.setattr(rag.dense.index_making, "ChromaIndex", Broken)
    yield Broken
    Broken.at = ""


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:-1]), id="cut by a byte"),
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[::-1]), id="turned round"),
        pytest.param(lambda file: file.unlink(), id="gone"),
        pytest.param(lambda file: file.with_name("another").write_bytes(b"x"), id="one more file"),
    ],
)
def test_an_index_that_is_not_as_it_was_left_is_made_again(left, zebra, damage, caplog) -> None:
    damage(left / "chroma-1" / "chroma.sqlite3")
    with caplog.at_level(logging.WARNING), Library.open(left) as library:
        library.open_index()
        assert library.search_dense(zebra, 1)[0][0] == library.catalog.search(["zebra"], 1)[0][0]
        assert folder_of(library) == "chroma-2"
    assert "chroma-1 is damaged and is made again" in caplog.text


def test_an_index_without_checksums_is_made_again(left) -> None:
    with Library.open(left) as library:
        state = json.loads(library.catalog.get_meta("index") or "{}")
        del state["files"]
        library.lock()
        library.catalog.set_meta({"index": json.dumps(state)})
    with Library.open(left) as library:
        library.open_index()
        assert folder_of(library) == "chroma-2"


def test_a_folder_name_is_never_used_twice(left) -> None:
    """Chroma keeps what it knew of a folder, so that a new one of this name would not be empty to it."""
    import shutil

    shutil.rmtree(left / "chroma-1")
    with Library.open(left) as library:
        library.open_index()
        assert folder_of(library) == "chroma-2"


def test_a_search_that_fails_is_answered_by_the_exact_scan(left, zebra, broken, caplog) -> None:
    with Library.open(left) as library:
        library.open_index()
        exact = library._index._exact.search(zebra, 2)
        broken.at = "_collection"
        with caplog.at_level(logging.WARNING):
            assert library.search_dense(zebra, 2) == exact
        assert "failed and will be made again" in caplog.text
    broken.at = ""
    with Library.open(left) as library:
        library.open_index()
        assert folder_of(library) == "chroma-2"


def test_an_index_that_cannot_be_made_leaves_the_exact_scan(left, zebra, broken, caplog) -> None:
    (left / "chroma-1" / "chroma.sqlite3").unlink()
    broken.at = "add"
    with Library.open(left) as library:
        with caplog.at_level(logging.WARNING):
            library.open_index()
        assert len(library.search_dense(zebra, 3)) == 3
        assert "cannot be made, an exact scan answers: the index cannot add" in caplog.text
        assert list(left.glob("chroma-*")) == []
        broken.at = ""
        library.open_index()
        assert [folder.name for folder in left.glob("chroma-*")] == ["chroma-3"]


def test_an_index_that_cannot_be_closed_is_made_again(left, broken, caplog) -> None:
    library = Library.open(left)
    library.open_index()
    broken.at = "close"
    with caplog.at_level(logging.WARNING):
        library.close()
    assert "was not closed and will be made again" in caplog.text
    broken.at = ""
    with Library.open(left) as library:
        library.lock()  # the lock was given back all the same
        library.open_index()
        assert folder_of(library) == "chroma-2"


def test_an_index_that_lacks_passages_is_made_again(left, broken, monkeypatch, caplog) -> None:
    monkeypatch.setattr(Broken, "count", lambda index: 2)
    with caplog.at_level(logging.WARNING), Library.open(left) as library:
        library.open_index()
        assert folder_of(library) == "chroma-2"
    assert "lacks passages" in caplog.text


def test_files_that_cannot_be_read_count_as_damaged(left, monkeypatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("not yours")

    with Library.open(left) as library, monkeypatch.context() as patched:
        patched.setattr(rag.dense.index_files, "is_as_left", refused)
        library.open_index()
        assert folder_of(library) == "chroma-2"


@pytest.fixture
def read(monkeypatch):
    """What is read of the vectors, as sets of ids, and whether the index is asked for all of its own."""
    asked: list[set[str] | None] = []
    vectors, ids = Catalog.vectors, ChromaIndex.ids
    monkeypatch.setattr(
        Catalog, "vectors", lambda self, chosen=None: asked.append(set(chosen or ())) or vectors(self, chosen)
    )
    monkeypatch.setattr(ChromaIndex, "ids", lambda self: asked.append(None) or ids(self))
    return asked


def test_an_index_that_is_behind_reads_only_what_is_new(left, embedder, read) -> None:
    with Library.open(left) as library:
        [new] = put(library, "d", "Oil money.", embedder)
    with Library.open(left) as library:
        library.open_index()
        assert read == [{new.id}]
        assert (library._index.current.count(), folder_of(library)) == (4, "chroma-1")


def test_an_index_that_is_not_behind_reads_nothing(left, read) -> None:
    with Library.open(left) as library:
        library.open_index()
        assert read == []


@pytest.mark.parametrize(
    "known", [pytest.param(True, id="numbered"), pytest.param(False, id="of a version before")]
)
def test_what_came_and_what_went_meanwhile_is_told_apart(
    left, embedder, zebra, known: bool, monkeypatch
) -> None:
    """As many came as went: the count alone does not tell."""
    monkeypatch.setattr(rag.dense.index_making, "MAX_DELETED_SHARE", 0.5)
    with Library.open(left) as library:
        library.remove("a")
        put(library, "d", "Oil money.", embedder)
        put(library, "b", "The moon rose.\nThe plane came.", embedder)
        library.remove("c")
        if not known:
            state = json.loads(library.catalog.get_meta("index") or "{}")
            del state["last"]
            library.catalog.set_meta({"index": json.dumps(state)})
    with Library.open(left) as library:
        library.open_index()
        assert library._index.current.ids() == set(library.catalog.passage_ids())
        assert (len(library), folder_of(library), library._index._maker.deleted) == (3, "chroma-1", 2)


def test_a_document_that_went_and_came_back_is_there_once(left, embedder, zebra) -> None:
    with Library.open(left) as library:
        library.remove("a")
        [back] = put(library, "a", "A zebra ran.", embedder)
    with Library.open(left) as library:
        library.open_index()
        assert library._index.current.count() == 3
        assert library.search_dense(zebra, 1)[0][0] == back.id


def test_an_index_is_made_again_a_few_vectors_at_a_time(left, read, monkeypatch) -> None:
    monkeypatch.setattr(rag.dense.index_making, "_AT_ONCE", 2)
    steps: list[tuple[int, int]] = []
    with Library.open(left) as library:
        library.rebuild_index(lambda done, total: steps.append((done, total)))
        assert (steps, [len(ids or ()) for ids in read]) == ([(2, 3), (3, 3)], [2, 1])
        assert library._index.current.ids() == set(library.catalog.passage_ids())


def test_an_index_is_not_made_of_the_vectors_of_another_embedder(left, embedder) -> None:
    with Library.open(left) as library:
        library.require(embedder.fingerprint)
        library.lock()
        library.catalog.set_meta({"embedder": "another:model"})
        with pytest.raises(LibraryIncompatible, match="was changed from the embedder"):
            library.rebuild_index()
