"""A change of embedder: the old one answers until the new vectors are complete."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from fakes import AngleEmbedder, put

from rag import reindexing
from rag.assistant import Assistant
from rag.catalog import FILE
from rag.checking import check
from rag.errors import LibraryIncompatible, LibraryInUse, StorageError
from rag.library import Library
from rag.reindexing import reindex
from rag.storage.lock import WriterLock


class OtherEmbedder(AngleEmbedder):
    """The same topics on other axes, and one dimension more."""

    fingerprint = "fake:turned"
    dimensions = AngleEmbedder.dimensions + 1

    def _one(self, text: str) -> list[float]:
        return [0.0, *reversed(super()._one(text))]


class Killed(BaseException):
    """As a kill would end it."""


@pytest.fixture
def other() -> OtherEmbedder:
    return OtherEmbedder()


@pytest.fixture
def full(library, embedder):
    for number in range(7):
        put(library, f"d{number}", f"A zebra ran {number} times.\nThe moon rose.", embedder)
    library.open_index()
    return library


def test_questions_are_answered_by_the_new_embedder(full, other) -> None:
    assert reindex(full, other) == 14
    full.open_index()
    [question] = other.embed(["D3\nA zebra ran 3 times."])
    full.require(other.fingerprint)
    best = [p.text for p in full.catalog.passages([full.search_dense(question, 1)[0][0]]).values()]
    assert best == ["A zebra ran 3 times."]
    assert full._index.current.ids() == set(full.catalog.vectors()[0])
    assert np.shape(full.catalog.vectors()[1]) == (14, other.dimensions)
    assert [f for f in check(full) if f.area != "sources"] == []


def test_the_old_one_is_refused_afterwards_with_the_way_back(full, other, embedder) -> None:
    reindex(full, other)
    with pytest.raises(LibraryIncompatible, match="fake:turned, not fake:angles: .* 'footnote reindex'"):
        full.require(embedder.fingerprint)


def test_the_old_one_answers_until_the_end(full, other, embedder) -> None:
    [question] = embedder.embed(["zebra"])
    answers = []

    with Library.open(full.path) as reader:
        reader.require(embedder.fingerprint)
        before = reader.search_dense(question, 3)
        reindex(full, other, progress=lambda *_: answers.append(reader.search_dense(question, 3)))
        assert answers == [before] * len(answers)
        assert len(answers) > 1
        with pytest.raises(LibraryIncompatible, match="from the embedder fake:angles to fake:turned"):
            reader.search_dense(question, 3)


def test_an_assistant_says_so_too(full, other, embedder, settings) -> None:
    with Library.open(full.path) as again:
        assistant = Assistant(again, embedder, None, settings)
        assert assistant.ask("Where did the zebra run?").passages
        reindex(full, other)
        with pytest.raises(LibraryIncompatible, match="open it again"):
            assistant.ask("Where did the zebra run?")


def test_after_a_kill_it_goes_on_where_it_was(full, other, embedder, monkeypatch) -> None:
    monkeypatch.setattr(reindexing, "AT_ONCE", 4)

    def dies(done: int, total: int) -> None:
        if done >= 8:
            raise Killed

    with pytest.raises(Killed):
        reindex(full, other, progress=dies)
    full.close()
    with Library.open(full.path) as library:
        library.require(embedder.fingerprint)
        assert len(library.search_dense(embedder.embed(["zebra"])[0], 20)) == 14
        put(library, "late", "A river froze.", embedder)
        library.remove("d0")
        other.texts.clear()
        assert reindex(library, other) == 14 + 1 - 2 - 6
        assert len(other.texts) == 7
        assert np.shape(library.catalog.vectors()[1]) == (13, other.dimensions)


def test_a_kill_in_the_switch_undoes_it(full, other, embedder, monkeypatch) -> None:
    def dies(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(reindexing, "next_generation", dies)
    with pytest.raises(Killed):
        reindex(full, other)
    monkeypatch.undo()
    full.require(embedder.fingerprint)
    assert np.shape(full.catalog.vectors()[1]) == (14, embedder.dimensions)
    other.texts.clear()
    assert reindex(full, other) == 0
    assert other.texts == []
    full.require(other.fingerprint)


def test_what_another_embedder_began_is_dropped(full, other, embedder, monkeypatch) -> None:
    class Third(OtherEmbedder):
        fingerprint = "fake:third"

    monkeypatch.setattr(reindexing, "AT_ONCE", 4)

    def dies(done: int, total: int) -> None:
        if done:
            raise Killed

    with pytest.raises(Killed):
        reindex(full, other, progress=dies)
    assert reindex(full, Third()) == 14


def test_nothing_is_done_where_nothing_is_to_do(full, embedder) -> None:
    embedder.texts.clear()
    generation = full.catalog.generation
    assert reindex(full, embedder) == 0
    assert (embedder.texts, full.catalog.generation) == ([], generation)
    assert reindex(full, embedder, again=True) == 14


def test_vectors_that_are_missing_are_made(full, embedder) -> None:
    full.close()
    with sqlite3.connect(full.path / FILE) as raw:
        raw.execute("DELETE FROM vectors WHERE n = 3")
        raw.execute("PRAGMA user_version=0")
    raw.close()
    with Library.open(full.path) as library:
        assert reindex(library, embedder) == 14
        assert len(library) == 14


def test_the_space_of_the_old_vectors_is_given_back(full, other) -> None:
    reindex(full, other)
    with sqlite3.connect(full.path / FILE) as raw:
        assert raw.execute("PRAGMA freelist_count").fetchone() == (0,)
    raw.close()


def test_without_room_to_give_it_back_the_new_vectors_answer_all_the_same(
    full, other, monkeypatch, caplog
) -> None:
    def no_room(*_: object) -> None:
        raise StorageError("no space left")

    monkeypatch.setattr(full.catalog, "compact", no_room)
    assert reindex(full, other) == 14
    assert "not given back yet: no space left" in caplog.text
    assert full.catalog.get_meta("embedder") == other.fingerprint
    assert np.shape(full.catalog.vectors()[1]) == (14, other.dimensions)


def test_a_library_in_use_is_not_changed(full, other) -> None:
    full.close()
    lock = WriterLock(full.path)
    lock.acquire("a test")
    with Library.open(full.path) as library, pytest.raises(LibraryInUse, match="'a test'"):
        reindex(library, other)
    lock.release()
    assert other.texts == []
