import threading
import time

import pytest
from fakes import put
from hypothesis import given
from hypothesis import strategies as st

from rag.dense.index import ChromaIndex
from rag.errors import StorageError
from rag.retrieval.retrieve import Query, candidates, fuse, mark_repeats, min_max
from rag.types import FoundPassage


def found(text: str, score: float = 1.0) -> FoundPassage:
    return FoundPassage(id=text, document_id="d", text=text, start=0, end=len(text), score=score)


def query(embedder, text: str, weight: float = 1.0) -> Query:
    [vector] = embedder.embed([text])
    return Query(text, vector, weight)


def ask(library, embedder, *questions: str, k: int = 5) -> list[str]:
    queries = [query(embedder, question) for question in questions]
    return [passage.text for passage in candidates(library, queries, k)]


def test_dense_and_lexical_both_count(library, embedder) -> None:
    put(library, "a", "A zebra ran home.\nThe moon rose over Kurabar.\nThe river froze.", embedder)
    assert ask(library, embedder, "Kurabar")[0] == "The moon rose over Kurabar."
    assert ask(library, embedder, "zebras")[0] == "A zebra ran home."


def test_what_is_found_says_where_it_stands(library, embedder) -> None:
    put(library, "a", "A zebra ran home.", embedder)
    [passage] = candidates(library, [query(embedder, "zebra")], 5)
    assert (passage.uri, passage.title) == ("file:///documents/a.txt", "A")
    assert passage.score == 1.0
    assert 0.9 < passage.cosine <= 1.0


def test_a_passage_found_by_words_alone_has_its_cosine(library, embedder, monkeypatch) -> None:
    monkeypatch.setattr("rag.retrieval.retrieve.CANDIDATES", 1)
    put(library, "a", "A zebra ran.\nA Kurabar zebra zebra moon moon moon oil.", embedder)
    [zebra] = embedder.embed(["zebra"])
    passages = candidates(library, [Query("Kurabar", zebra)], 5)
    assert len(passages) == 2
    assert all(passage.cosine > 0 for passage in passages)


@pytest.fixture
def opened(library, embedder):
    """A library of one passage whose Chroma index is open."""
    put(library, "a", "A zebra ran home.", embedder)
    library.open_index()
    return library


def test_words_are_searched_while_chroma_is(opened, embedder, monkeypatch) -> None:
    searched, search = threading.Event(), ChromaIndex.search

    def when_words_were(self, vector, k):
        assert searched.wait(60)
        return search(self, vector, k)

    def words(*args):
        searched.set()
        return []

    monkeypatch.setattr(ChromaIndex, "search", when_words_were)
    monkeypatch.setattr(opened.catalog, "search", words)
    assert ask(opened, embedder, "zebra") == ["A zebra ran home."]


def test_nothing_is_searched_any_more_when_the_words_fail(opened, embedder, monkeypatch) -> None:
    ended = []

    def slowly(self, vector, k):
        time.sleep(0.2)
        ended.append(True)
        return []

    def fail(*args):
        raise StorageError("the disk is gone")

    monkeypatch.setattr(ChromaIndex, "search", slowly)
    monkeypatch.setattr(opened.catalog, "search", fail)
    with pytest.raises(StorageError, match="the disk is gone"):
        ask(opened, embedder, "zebra")
    assert ended == [True]


def test_two_copies_are_one_voice_and_two_versions_are_two(library, embedder) -> None:
    text = "The minister said that the oil price would be 40 dollars a barrel in the coming year at the port"
    put(library, "a", text + ".", embedder)
    put(library, "b", text + "!", embedder)
    put(library, "c", text.replace("40", "60") + ".", embedder)
    found = candidates(library, [query(embedder, "oil price")], 5)
    best, version = (each for each in found if not each.repeats)
    assert {best.document_id, version.document_id} in ({"a", "c"}, {"b", "c"})
    [copy] = [each for each in found if each.repeats]
    assert copy.repeats == (best if best.document_id != "c" else version).id


class TestParts:
    WHOLE = "Did the zebra of the old stone house by Ely come home early, while the moon rose?"
    HALVES = ("Did the zebra of the old stone house by Ely come home early", "the moon rose")

    def found(self, library, embedder, n: int, *parts: str) -> list[FoundPassage]:
        pieces = [query(embedder, part) for part in parts]
        return candidates(library, [query(embedder, self.WHOLE)], n, pieces)

    @pytest.fixture(autouse=True)
    def _filled(self, library, embedder) -> None:
        zebras = [f"A zebra, early in the old stone house {n}." for n in range(2)]
        zebras.append("The zebra of the old stone house by Ely came home early.")
        others = [f"Something{n} lies elsewhere." for n in range(12)]
        put(
            library,
            "a",
            "\n".join([*zebras, "At Kurabar the moon rose.", "Oil is cheap.", *others]),
            embedder,
        )

    def test_find_what_the_whole_does_not_find_first(self, library, embedder) -> None:
        alone, parted = (
            [each.text for each in self.found(library, embedder, 2, *parts)] for parts in ((), self.HALVES)
        )
        assert all("zebra" in text for text in alone)
        assert sorted("zebra" in text for text in parted) == [False, True]
        assert "At Kurabar the moon rose." in parted

    def test_find_what_the_whole_does_not_find_at_all(self, library, embedder, monkeypatch) -> None:
        monkeypatch.setattr("rag.retrieval.retrieve.CANDIDATES", 1)
        alone = {each.text for each in self.found(library, embedder, 9)}
        parted = {each.text for each in self.found(library, embedder, 9, "oil is cheap")}
        assert "Oil is cheap." not in alone
        assert parted == alone | {"Oil is cheap."}

    def test_leave_cosine_and_bm25_those_to_the_whole(self, library, embedder) -> None:
        alone = {each.id: each for each in self.found(library, embedder, 99)}
        parted = self.found(library, embedder, 99, "Kurabar", "oil is cheap")
        assert {each.id for each in parted} == alone.keys()
        for each in parted:
            assert each.cosine == pytest.approx(alone[each.id].cosine, abs=1e-6)
            assert each.lexical == alone[each.id].lexical

    def test_only_the_best_part_counts(self, library, embedder) -> None:
        once = self.found(library, embedder, 9, "Kurabar")
        twice = self.found(library, embedder, 9, "Kurabar", "Kurabar")
        assert [(each.id, each.score) for each in once] == [(each.id, each.score) for each in twice]

    @pytest.mark.parametrize("parts", [(), ("Kurabar",), ("Kurabar", "oil", "zebra")], ids=len)
    def test_scores_fall_within_their_bounds(self, library, embedder, parts) -> None:
        scores = [each.score for each in self.found(library, embedder, 9, *parts)]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 + 1e-9 for score in scores)


class TestQueries:
    TEXT = "A zebra ran home.\nThe moon rose.\nThe river froze.\nOil is cheap."

    def test_a_second_query_finds_what_the_first_misses(self, library, embedder) -> None:
        put(library, "a", self.TEXT, embedder)
        both = ask(library, embedder, "zebra", "moon", k=2)
        assert set(both) == {"A zebra ran home.", "The moon rose."}

    @pytest.mark.parametrize(
        ("weight", "best"), [(0.2, "A zebra ran home."), (5.0, "The moon rose.")], ids=["light", "heavy"]
    )
    def test_the_heavier_query_decides(self, library, embedder, weight: float, best: str) -> None:
        put(library, "a", self.TEXT, embedder)
        queries = [query(embedder, "zebra"), query(embedder, "moon", weight)]
        assert candidates(library, queries, 1)[0].text == best

    def test_only_the_ratio_of_the_weights_counts(self, library, embedder) -> None:
        put(library, "a", self.TEXT, embedder)
        one = candidates(library, [query(embedder, "zebra"), query(embedder, "moon", 0.5)], 4)
        other = candidates(library, [query(embedder, "zebra", 6), query(embedder, "moon", 3)], 4)
        assert [p.id for p in one] == [p.id for p in other]
        assert [p.score for p in one] == pytest.approx([p.score for p in other])

    def test_the_same_query_twice_is_the_query_once(self, library, embedder) -> None:
        put(library, "a", self.TEXT, embedder)
        once = candidates(library, [query(embedder, "zebra")], 4)
        twice = candidates(library, [query(embedder, "zebra"), query(embedder, "zebra", 0.3)], 4)
        assert [p.id for p in twice] == [p.id for p in once]
        assert [p.cosine for p in twice] == pytest.approx([p.cosine for p in once], abs=1e-6)
        assert [p.score for p in twice] == pytest.approx([p.score for p in once])

    @pytest.mark.parametrize("most", [1, 100], ids=["found by the other", "found by both"])
    def test_the_cosine_is_the_highest_to_a_query(self, library, embedder, monkeypatch, most: int) -> None:
        monkeypatch.setattr("rag.retrieval.retrieve.CANDIDATES", most)
        put(library, "a", self.TEXT, embedder)
        first, second = query(embedder, "zebra moon"), query(embedder, "river")
        found = candidates(library, [first, second], 4)
        ids, vectors = library.catalog.vectors([p.id for p in found])
        nearest = [max(row @ first.vector, row @ second.vector) for row in vectors]
        expected = dict(zip(ids, nearest, strict=True))
        assert {p.id: p.cosine for p in found} == pytest.approx(expected, abs=1e-6)
        assert "The river froze." in [p.text for p in found]

    @pytest.mark.parametrize("k", [1, 2, 3, 4, 9])
    def test_scores_fall_within_their_bounds(self, library, embedder, k: int) -> None:
        put(library, "a", self.TEXT, embedder)
        queries = [query(embedder, text, w) for text, w in (("zebra", 1), ("moon", 0.7), ("oil", 0.1))]
        scores = [p.score for p in candidates(library, queries, k)]
        assert len(scores) == min(k, 4)
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 + 1e-9 for score in scores)


scores = st.dictionaries(st.sampled_from("abcdef"), st.floats(-10, 10), max_size=6)


@given(scores)
def test_scaling_keeps_the_order_and_the_bounds(given_scores: dict[str, float]) -> None:
    scaled = min_max(given_scores)
    assert all(0.0 <= value <= 1.0 for value in scaled.values())
    for a in given_scores:
        for b in given_scores:
            if given_scores[a] > given_scores[b]:
                assert scaled[a] >= scaled[b]


@given(scores, scores)
def test_fusion_is_bounded_symmetric_and_complete(one: dict[str, float], other: dict[str, float]) -> None:
    fused = fuse(one, other)
    assert set(fused) == set(one) | set(other)
    assert all(0.0 <= value <= 1.0 for value in fused.values())
    assert fused == pytest.approx(fuse(other, one))


@given(st.floats(0.01, 100), scores, scores)
def test_fusion_does_not_depend_on_the_scale_of_a_score(
    factor: float, one: dict[str, float], other: dict[str, float]
) -> None:
    scaled = {key: value * factor for key, value in one.items()}
    assert fuse(scaled, other) == pytest.approx(fuse(one, other), abs=1e-6)


def test_the_better_of_two_copies_is_kept() -> None:
    one, other = found("a same text", 0.9), found("A same text!", 0.5)
    assert [each.repeats for each in mark_repeats([one, other])] == ["", one.id]


@given(st.lists(st.text("ab 12.", max_size=12), max_size=8, unique=True))
def test_what_repeats_names_a_better_one_that_repeats_nothing(texts: list[str]) -> None:
    marked = mark_repeats(found(text or "-", 1 - n / 10) for n, text in enumerate(texts))
    assert [each.text for each in marked] == [text or "-" for text in texts]
    kept: set[str] = set()
    for each in marked:
        assert not each.repeats or each.repeats in kept
        if not each.repeats:
            kept.add(each.id)
    assert not any(each.repeats for each in mark_repeats(each for each in marked if not each.repeats))
