import pytest
from fakes import put
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve import fold, fuse, min_max, retrieve
from rag.types import FoundPassage


def found(text: str, score: float = 1.0) -> FoundPassage:
    return FoundPassage(id=text, document_id="d", text=text, start=0, end=len(text), score=score)


def ask(library, embedder, question: str, k: int = 5) -> list[str]:
    [vector] = embedder.embed([question])
    return [passage.text for passage in retrieve(library, question, vector, k)]


def test_dense_and_lexical_both_count(library, embedder) -> None:
    put(library, "a", "A zebra ran home.\nThe moon rose over Kurabar.\nThe river froze.", embedder)
    assert ask(library, embedder, "Kurabar")[0] == "The moon rose over Kurabar."
    assert ask(library, embedder, "zebras")[0] == "A zebra ran home."


def test_what_is_found_says_where_it_stands(library, embedder) -> None:
    put(library, "a", "A zebra ran home.", embedder)
    [vector] = embedder.embed(["zebra"])
    [passage] = retrieve(library, "zebra", vector, 5)
    assert (passage.uri, passage.title) == ("file:///documents/a.txt", "A")
    assert passage.score == 1.0
    assert 0.9 < passage.cosine <= 1.0


def test_a_passage_found_by_words_alone_has_its_cosine(library, embedder, monkeypatch) -> None:
    monkeypatch.setattr("rag.retrieve.CANDIDATES", 1)
    put(library, "a", "A zebra ran.\nA Kurabar zebra zebra moon moon moon oil.", embedder)
    [vector] = embedder.embed(["zebra"])
    passages = retrieve(library, "Kurabar", vector, 5)
    assert len(passages) == 2
    assert all(passage.cosine > 0 for passage in passages)


def test_two_copies_are_one_voice_and_two_versions_are_two(library, embedder) -> None:
    text = "The minister said that the oil price would be 40 dollars a barrel in the coming year at the port"
    put(library, "a", text + ".", embedder)
    put(library, "b", text + "!", embedder)
    put(library, "c", text.replace("40", "60") + ".", embedder)
    assert len(ask(library, embedder, "oil price")) == 2


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
