import pytest
from fakes import put
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve import Query, fold, fuse, min_max, retrieve
from rag.types import FoundPassage


def found(text: str, score: float = 1.0) -> FoundPassage:
    return FoundPassage(id=text, document_id="d", text=text, start=0, end=len(text), score=score)


def query(embedder, text: str, weight: float = 1.0) -> Query:
    [vector] = embedder.embed([text])
    return Query(text, vector, weight)


def ask(library, embedder, *questions: str, k: int = 5) -> list[str]:
    queries = [query(embedder, question) for question in questions]
    return [passage.text for passage in retrieve(library, queries, k)]


def test_dense_and_lexical_both_count(library, embedder) -> None:
    put(library, "a", "A zebra ran home.\nThe moon rose over Kurabar.\nThe river froze.", embedder)
    assert ask(library, embedder, "Kurabar")[0] == "The moon rose over Kurabar."
    assert ask(library, embedder, "zebras")[0] == "A zebra ran home."


def test_what_is_found_says_where_it_stands(library, embedder) -> None:
    put(library, "a", "A zebra ran home.", embedder)
    [passage] = retrieve(library, [query(embedder, "zebra")], 5)
    assert (passage.uri, passage.title) == ("file:///documents/a.txt", "A")
    assert passage.score == 1.0
    assert 0.9 < passage.cosine <= 1.0


def test_a_passage_found_by_words_alone_has_its_cosine(library, embedder, monkeypatch) -> None:
    monkeypatch.setattr("rag.retrieve.CANDIDATES", 1)
    put(library, "a", "A zebra ran.\nA Kurabar zebra zebra moon moon moon oil.", embedder)
    [zebra] = embedder.embed(["zebra"])
    passages = retrieve(library, [Query("Kurabar", zebra)], 5)
    assert len(passages) == 2
    assert all(passage.cosine > 0 for passage in passages)


def test_two_copies_are_one_voice_and_two_versions_are_two(library, embedder) -> None:
    text = "The minister said that the oil price would be 40 dollars a barrel in the coming year at the port"
    put(library, "a", text + ".", embedder)
    put(library, "b", text + "!", embedder)
    put(library, "c", text.replace("40", "60") + ".", embedder)
    assert len(ask(library, embedder, "oil price")) == 2


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
        assert retrieve(library, queries, 1)[0].text == best

    def test_only_the_ratio_of_the_weights_counts(self, library, embedder) -> None:
        put(library, "a", self.TEXT, embedder)
        one = retrieve(library, [query(embedder, "zebra"), query(embedder, "moon", 0.5)], 4)
        other = retrieve(library, [query(embedder, "zebra", 6), query(embedder, "moon", 3)], 4)
        assert [p.id for p in one] == [p.id for p in other]
        assert [p.score for p in one] == pytest.approx([p.score for p in other])

    def test_the_same_query_twice_is_the_query_once(self, library, embedder) -> None:
        put(library, "a", self.TEXT, embedder)
        once = retrieve(library, [query(embedder, "zebra")], 4)
        twice = retrieve(library, [query(embedder, "zebra"), query(embedder, "zebra", 0.3)], 4)
        assert [(p.id, p.cosine) for p in twice] == [(p.id, p.cosine) for p in once]
        assert [p.score for p in twice] == pytest.approx([p.score for p in once])

    @pytest.mark.parametrize("candidates", [1, 100], ids=["found by the other", "found by both"])
    def test_the_cosine_is_that_to_the_first_query(
        self, library, embedder, monkeypatch, candidates: int
    ) -> None:
        monkeypatch.setattr("rag.retrieve.CANDIDATES", candidates)
        put(library, "a", self.TEXT, embedder)
        first, second = query(embedder, "zebra moon"), query(embedder, "river")
        found = retrieve(library, [first, second], 4)
        ids, vectors = library.catalog.vectors([p.id for p in found])
        expected = dict(zip(ids, (vectors @ first.vector).tolist(), strict=True))
        assert {p.id: p.cosine for p in found} == pytest.approx(expected, abs=1e-6)
        assert "The river froze." in [p.text for p in found]

    @pytest.mark.parametrize("k", [1, 2, 3, 4, 9])
    def test_scores_fall_within_their_bounds(self, library, embedder, k: int) -> None:
        put(library, "a", self.TEXT, embedder)
        queries = [query(embedder, text, w) for text, w in (("zebra", 1), ("moon", 0.7), ("oil", 0.1))]
        scores = [p.score for p in retrieve(library, queries, k)]
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


def test_folding_keeps_the_best() -> None:
    assert [p.score for p in fold([found("a same text", 0.9), found("A same text!", 0.5)])] == [0.9]
