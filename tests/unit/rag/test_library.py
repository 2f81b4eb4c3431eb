import json
import os
import shutil
import subprocess
import sys

import pytest
from fakes import put

from rag.errors import DocumentNotFound, LibraryIncompatible, LibraryInUse, StorageError
from rag.library import Library

HOLD = """
import sys
from rag.library import Library
library = Library.open(sys.argv[1])
library.lock("a test")
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def held(library):
    """The library, while another process writes to it."""
    library.close()
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(library.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout.readline() == b"held\n"
    yield library.path, other
    other.kill()
    other.wait()
    other.stdin.close()
    other.stdout.close()


def test_a_second_writer_is_refused_and_told_who_holds_it(held) -> None:
    path, other = held
    with (
        Library.open(path) as library,
        pytest.raises(LibraryInUse, match=f"'a test' \\(process {other.pid},"),
    ):
        library.lock()


def test_readers_are_let_in_while_another_writes(held) -> None:
    path, _ = held
    with Library.open(path) as library:
        assert library.documents() == []


def test_the_lock_of_a_dead_process_is_taken_over(held) -> None:
    path, other = held
    other.kill()
    other.wait()
    with Library.open(path) as library:
        library.lock()


@pytest.mark.parametrize("left", ['{"pid": 0', "{}", "[]", None])
def test_a_holder_that_has_not_signed_is_another_process(held, left) -> None:
    path, _ = held
    (path / "writer.json").unlink()
    if left is not None:
        (path / "writer.json").write_text(left)
    with (
        Library.open(path) as library,
        pytest.raises(LibraryInUse, match="in use by another process: stop it or wait"),
    ):
        library.lock()


def test_a_holder_of_another_user_is_named(held, monkeypatch) -> None:
    def refused(*_arguments: object) -> None:
        raise PermissionError

    path, other = held
    with monkeypatch.context() as patched:
        patched.setattr(os, "kill", refused)
        with Library.open(path) as library, pytest.raises(LibraryInUse, match=f"process {other.pid},"):
            library.lock()


def test_a_lock_that_cannot_be_signed_is_given_back(library) -> None:
    (library.path / "writer.json").mkdir()
    with pytest.raises(StorageError, match="cannot use the library"):
        library.lock()
    (library.path / "writer.json").rmdir()
    with Library.open(library.path) as another:
        another.lock()


def test_an_embedder_is_remembered_and_another_refused(library, embedder) -> None:
    put(library, "a", "A zebra ran.", embedder)
    library.require(embedder.fingerprint)
    with pytest.raises(LibraryIncompatible, match="made with the embedder fake:angles, not other:model"):
        library.require("other:model")


def test_an_empty_library_takes_any_embedder(library) -> None:
    library.require("one:model")
    library.require("other:model")
    assert library.catalog.get_meta("embedder") == "other:model"


@pytest.mark.parametrize(
    "name", ["notes", "file:///documents/notes.txt", "notes.txt", "/documents/notes.txt"]
)
def test_documents_are_found_by_many_names(library, embedder, name: str) -> None:
    put(library, "notes", "A zebra ran.", embedder)
    assert library.find(name).id == "notes"


def test_an_unknown_or_ambiguous_name_is_told(library, embedder) -> None:
    put(library, "one", "A zebra ran.", embedder, title="Same")
    put(library, "two", "The moon rose.", embedder, title="Same")
    with pytest.raises(DocumentNotFound, match="fits 2 documents"):
        library.find("Same")
    with pytest.raises(DocumentNotFound, match="footnote list"):
        library.find("nothing")


def indexed(path) -> tuple[int, dict]:
    with Library.open(path) as library:
        library.open_index()
        count = library._index.current.count()
        state = json.loads(library.catalog.get_meta("index"))
    return count, state


class TestDenseIndex:
    @pytest.fixture
    def path(self, library, embedder):
        for name, text in (("a", "A zebra ran."), ("b", "The moon rose."), ("c", "A river froze.")):
            put(library, name, text, embedder)
        library.open_index()
        library.close()
        return library.path

    def test_it_is_reopened_when_it_was_closed_cleanly(self, path) -> None:
        assert indexed(path) == (
            3,
            {"folder": "chroma-1", "clean": False, "generation": 3, "last": None, "deleted": 0, "files": {}},
        )

    def test_it_catches_up_with_what_the_catalogue_has(self, path, embedder) -> None:
        with Library.open(path) as library:
            put(library, "d", "Oil money.", embedder)
        count, state = indexed(path)
        assert (count, state["folder"]) == (4, "chroma-1")

    def test_it_is_made_again_when_it_was_not_closed(self, path) -> None:
        library = Library.open(path)
        library.open_index()
        library._index._chroma.close()
        library._index._chroma = None
        library.close()
        count, state = indexed(path)
        assert (count, state["folder"]) == (3, "chroma-2")
        assert [folder.name for folder in path.glob("chroma-*")] == ["chroma-2"]

    def test_it_is_made_again_when_it_is_gone(self, path) -> None:
        shutil.rmtree(path / "chroma-1")
        assert indexed(path)[0] == 3

    def test_it_is_made_again_when_it_cannot_be_opened(self, path) -> None:
        (path / "chroma-1" / "chroma.sqlite3").write_bytes(b"damaged" * 1000)
        assert indexed(path)[0] == 3

    def test_it_is_made_again_when_much_was_removed(self, path) -> None:
        with Library.open(path) as library:
            library.open_index()
            library.remove("a")
        count, state = indexed(path)
        assert (count, state["folder"], state["deleted"]) == (2, "chroma-2", 0)

    def test_it_gives_the_answers_of_the_exact_scan(self, path, embedder) -> None:
        [question] = embedder.embed(["zebra on the moon"])
        with Library.open(path) as library:
            exact = library.search_dense(question, 3)
            library.open_index()
            dense = library.search_dense(question, 3)
        assert [i for i, _ in dense] == [i for i, _ in exact]
        assert [s for _, s in dense] == pytest.approx([s for _, s in exact], abs=1e-5)

    def test_one_that_fails_while_in_use_is_replaced_by_the_exact_scan(self, path, embedder) -> None:
        with Library.open(path) as library:
            library.open_index()
            library._index._chroma._client.delete_collection("passages")
            put(library, "d", "Oil money.", embedder)
            [question] = embedder.embed(["oil"])
            assert library.search_dense(question, 1)[0][1] > 0.5
        assert indexed(path)[0] == 4
