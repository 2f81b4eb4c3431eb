"""Searching some documents only: as if the others were not there."""

from __future__ import annotations

import pytest
from fakes import put

from rag.assistant import Assistant
from rag.dense.index import ExactIndex
from rag.dense.scoped import ScopedSearch

LINES = (
    "A plane landed.",
    "The oil burned.",
    "The embassy closed.",
    "A zebra ran.",
    "The river rose.",
    "The moon set.",
)


@pytest.fixture
def shelves(library, embedder):
    """Eight documents that all say much the same."""
    for n in range(8):
        put(library, f"d{n}", "\n".join(f"{line} It was day {n}." for line in LINES), embedder)
    return library


@pytest.fixture
def question(embedder):
    return embedder.embed(["plane zebra moon"])[0]


class Counted(ExactIndex):
    asked: list[int]

    def search(self, vector, k):
        self.asked.append(k)
        return super().search(vector, k)


@pytest.mark.parametrize("within", [{"d0"}, {"d3", "d5"}, {f"d{n}" for n in range(8)}, set(), {"gone"}])
@pytest.mark.parametrize("few", [5000, 0], ids=["compared", "asked of the index"])
@pytest.mark.parametrize("k", [1, 4, 100])
def test_what_is_found_is_what_a_library_of_these_alone_would_find(
    shelves, question, monkeypatch, within: set[str], few: int, k: int
) -> None:
    monkeypatch.setattr("rag.dense.scoped.FEW", few)
    index = Counted(shelves.catalog)
    index.asked = []
    found = ScopedSearch(shelves.catalog, index.search).search(question, k, frozenset(within))
    owner = {p.id: p.document_id for p in shelves.catalog.passages(shelves.catalog.passage_ids()).values()}
    expected = [hit for hit in ExactIndex(shelves.catalog).search(question, 1000) if owner[hit[0]] in within]
    assert [round(score, 5) for _, score in found] == [round(score, 5) for _, score in expected[:k]]
    assert {owner[key] for key, _ in found} <= within
    assert bool(index.asked) == (few == 0 and bool(expected))


def test_it_follows_the_library(shelves, question, embedder) -> None:
    search = ScopedSearch(shelves.catalog, ExactIndex(shelves.catalog).search).search
    assert len(search(question, 100, frozenset({"d0"}))) == len(LINES)
    put(shelves, "d0", "The moon set.", embedder)
    assert len(search(question, 100, frozenset({"d0"}))) == 1


def test_the_index_of_chroma_is_asked_for_more_until_there_is_enough(shelves, question, monkeypatch) -> None:
    monkeypatch.setattr("rag.dense.scoped.FEW", 0)
    shelves.open_index()
    within = frozenset({"d7"})
    found = shelves.search_dense(question, 3, within)
    passages = shelves.catalog.passages([key for key, _ in found])
    assert {passage.document_id for passage in passages.values()} == within
    assert len(found) == 3


def test_words_are_looked_for_in_these_alone(shelves) -> None:
    search = shelves.catalog.search
    every, some = search(["zebra"], 100), search(["zebra"], 100, frozenset({"d1", "d2"}))
    assert (len(every), len(some), search(["zebra"], 100, frozenset())) == (8, 2, [])
    assert set(some) <= set(every)


def test_an_answer_rests_on_these_alone(shelves, embedder, settings) -> None:
    assistant = Assistant(shelves, embedder, None, settings)
    answer = assistant.ask("On which day did the zebra run?", within=["d4"])
    assert answer.passages
    assert {passage.document_id for passage in answer.passages} == {"d4"}
    assert assistant.ask("On which day did the zebra run?", within=[]).refused
