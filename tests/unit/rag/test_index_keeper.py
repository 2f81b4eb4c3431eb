from __future__ import annotations

import json
import logging

import pytest
from fakes import put

import rag.index_keeper
from rag.index import ChromaIndex
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
    monkeypatch.setattr(rag.index_keeper, "ChromaIndex", Broken)
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
        patched.setattr(rag.index_keeper, "is_as_left", refused)
        library.open_index()
        assert folder_of(library) == "chroma-2"
