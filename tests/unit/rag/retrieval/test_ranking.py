"""What describes a sentence, and the order of sentences as evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from fakes import AngleEmbedder
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rag.evidence import RankedSpan, Span, spans_of
from rag.question import Question, idf
from rag.retrieval.ranking import FEATURES, features, rank, scale
from rag.types import FoundPassage
from rag.vectors import Matrix, TokenVectors, unit

WORDS = "when what who did was it the plane land landed in libya at on oil rose may moon a of . ?".split()
QUESTION = "When did the plane land in Libya?"
TEXT = "The plane landed in Libya. Oil rose in May."


def passage(text: str, name: str = "a", score: float = 1.0, title: str = "") -> FoundPassage:
    return FoundPassage(name, name, text, 0, len(text), title=title, score=score)


def seen(text: str) -> TokenVectors:
    """Each word is its own direction, so that every likeness is known: 1 for the same word, else 0."""
    tokens = tuple(re.findall(r"\w+|[^\w\s]", text.lower()))
    vectors = np.eye(len(WORDS), dtype=np.float32)[[WORDS.index(token) for token in tokens]]
    return TokenVectors(unit(vectors.sum(axis=0)), tokens, vectors)


def asked(text: str) -> Question:
    """All its words weigh the same."""
    return Question(text, idf(text, {}, 10), seen(text).whole, seen(text))


def described(question: str, *passages: FoundPassage) -> dict[str, list[float]]:
    spans = spans_of(passages, {})
    rows = features(spans, [seen(span.text) for span in spans], asked(question))
    assert rows.shape == (len(spans), len(FEATURES))
    return {name: rows[:, column].tolist() for column, name in enumerate(FEATURES)}


def ranked(question: str, *passages: FoundPassage) -> list[RankedSpan]:
    spans = spans_of(passages, {})
    return rank(spans, [seen(span.text) for span in spans], asked(question))


class TestFeatures:
    def test_two_sentences_are_described_as_counted_by_hand(self) -> None:
        cosines = [4 / 48**0.5, 1 / 40**0.5]
        expected = {
            "cosine, scaled": [1, 0],
            "share of the question's words, scaled": [1, 0],
            "passage's score, scaled": [1, 1],
            "pairs of the question's words that stand together": [2 / 3, 0],
            "share, with the title": [1, 1 / 3],
            "share of the sentence before": [0, 1],
            "cosine of the sentence before, scaled": [1, 1],
            "share of the whole passage": [1, 1],
            "offers a time to when": [0, 1],
            "offers an amount to how many": [0, 0],
            "offers a name to who": [0, 0],
            "offers a name to where": [0, 0],
            "likeness of the question's words, scaled": [1, 0],
            "likeness of all tokens, scaled": [1, 0],
            "likeness of the question word, scaled": [1, 1],
            "cosine": cosines,
            "share": [1, 0],
            "likeness of the question's words": [2 / 3, 0],
        }
        found = described(QUESTION, passage(TEXT, title="Oil of Libya"))
        assert tuple(expected) == FEATURES
        for name, values in expected.items():
            assert found[name] == pytest.approx(values, abs=1e-6), name

    def test_passages_are_kept_apart(self) -> None:
        found = described(
            QUESTION,
            passage("The plane landed. Oil rose.", "a", 0.9),
            passage("Moon.", "b", 0.1),
            passage("It was in Libya. It was May.", "c", 0.5),
        )
        assert found["share of the sentence before"] == pytest.approx([0, 2 / 3, 0, 0, 1 / 3])
        assert found["share of the whole passage"] == pytest.approx([2 / 3, 2 / 3, 0, 1 / 3, 1 / 3])
        assert found["passage's score, scaled"] == pytest.approx([1, 1, 0, 0.5, 0.5])
        assert found["cosine of the sentence before, scaled"][1] == 1
        assert found["cosine of the sentence before, scaled"][2] == 0

    @pytest.mark.parametrize(
        ("question", "name"),
        [
            ("When was it?", "offers a time to when"),
            ("What number of oil?", "offers an amount to how many"),
            ("Who was it?", "offers a name to who"),
            ("Where was it?", "offers a name to where"),
        ],
    )
    def test_what_is_offered_counts_for_its_kind_alone(self, question: str, name: str, embedder) -> None:
        spans = spans_of([passage("So Mary Holt had 12 in 1914.")], {})
        [seen] = embedder.embed_tokens([question])
        tokens = embedder.embed_tokens([span.text for span in spans])
        rows = features(spans, tokens, Question(question, idf(question, {}, 10), seen.whole, seen))
        offered = {each: rows[0, FEATURES.index(each)] for each in FEATURES if each.startswith("offers")}
        assert offered == {each: float(each == name) for each in offered}

    @pytest.mark.parametrize(
        ("text", "held"),
        [
            pytest.param("Plane landed.", True, id="neighbours"),
            pytest.param("The plane did land.", True, id="stopword between"),
            pytest.param("Plane oil land.", True, id="one word between"),
            pytest.param("Land plane.", True, id="turned round"),
            pytest.param("Plane oil moon land.", False, id="two words between"),
            pytest.param("Land oil plane.", False, id="turned round, one word between"),
            pytest.param("Plane.", False, id="one of them"),
        ],
    )
    def test_words_stand_together(self, text: str, held: bool) -> None:
        [found] = described("Plane land?", passage(text))["pairs of the question's words that stand together"]
        assert found == (0.5 if held else 0)

    def test_the_question_word_may_be_said(self) -> None:
        found = described("When did it land?", passage("It was when oil rose. It was oil."))
        assert found["likeness of the question word, scaled"] == [1, 0]

    def test_a_question_of_light_words_alone_is_compared_as_a_whole(self) -> None:
        found = described("Who was it?", passage("It was oil. Oil rose."))
        assert found["likeness of the question's words"] == pytest.approx([2 / 4, 0])
        assert found["share"] == [0, 0]


class TestScale:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [([2, 4, 3], [0, 1, 0.5]), ([-1, 1], [0, 1]), ([5, 5], [1, 1]), ([0], [1])],
    )
    def test_to_between_zero_and_one(self, values: list[float], expected: list[float]) -> None:
        assert scale(np.array(values, np.float32)).tolist() == expected


class TestRank:
    def test_each_clue_can_decide(self) -> None:
        words = ranked("What did oil?", passage("The moon rose. The oil rose. The plane rose."))
        assert words[0].span.text == "The oil rose."
        time = ranked("When did the oil land?", passage("The oil landed. The oil landed in May."))
        assert time[0].span.text == "The oil landed in May."
        place = ranked("What was it?", passage("Moon rose.", "a", 0.2), passage("Oil rose.", "b", 0.9))
        assert place[0].span.text == "Oil rose."

    def test_what_is_told_of_a_sentence_are_its_cosine_and_share(self) -> None:
        best, other = ranked(QUESTION, passage(TEXT))
        assert best.span.text == "The plane landed in Libya."
        assert (best.cosine, best.share) == pytest.approx((4 / 48**0.5, 1))
        assert (other.cosine, other.share) == pytest.approx((1 / 40**0.5, 0))
        assert best.score + other.score == pytest.approx(1)
        assert best.score > other.score

    def test_there_is_nothing_to_rank(self) -> None:
        assert rank([], [], asked(QUESTION)) == []

    def test_one_sentence_has_all_the_chance(self) -> None:
        [only] = ranked(QUESTION, passage("Oil rose."))
        assert only.score == 1

    def test_equal_sentences_have_equal_chances_and_keep_their_order(self) -> None:
        found = ranked(QUESTION, *(passage("The plane landed.", name) for name in "cab"))
        assert [each.score for each in found] == pytest.approx([1 / 3] * 3)
        assert [each.span.passage.id for each in found] == ["c", "a", "b"]

    def test_the_order_of_the_passages_does_not_count(self) -> None:
        places = [
            passage(TEXT, "a", 0.9),
            passage("The moon rose. It was May.", "b", 0.5),
            passage("Who was in Libya?", "c", 0.4),
        ]
        one, other = ranked(QUESTION, *places), ranked(QUESTION, *places[::-1])
        assert [each.span for each in one] == [each.span for each in other]
        assert [each.score for each in one] == pytest.approx([each.score for each in other], abs=1e-5)

    @pytest.mark.parametrize(("factor", "offset"), [(0.5, 0.0), (0.1, 0.8), (10.0, -3.0)])
    def test_the_scale_of_the_passages_scores_does_not_count(self, factor: float, offset: float) -> None:
        places = [passage(TEXT, "a", 0.25), passage("The moon rose.", "b", 1.0), passage("May.", "c", 0.5)]
        scaled = [replace(place, score=factor * place.score + offset) for place in places]
        one, other = ranked(QUESTION, *places), ranked(QUESTION, *scaled)
        assert [each.span.text for each in one] == [each.span.text for each in other]
        assert [each.score for each in one] == pytest.approx([each.score for each in other], abs=1e-4)


texts = st.lists(st.tuples(st.text(max_size=120), st.floats(0, 1)), min_size=1, max_size=5)


@given(st.text(max_size=80), texts)
@hypothesis_settings(deadline=None)
def test_chances_of_any_text_are_chances(question: str, found: Sequence[tuple[str, float]]) -> None:
    places = [passage(f"The plane. {text}", str(n), score) for n, (text, score) in enumerate(found)]
    spans: list[Span] = spans_of(places, {})
    embedder = AngleEmbedder()
    tokens = embedder.embed_tokens([span.text for span in spans])
    [seen] = embedder.embed_tokens([question])
    ready = Question(question, idf(question, {}, len(places)), seen.whole, seen)
    rows: Matrix = features(spans, tokens, ready)
    assert np.isfinite(rows).all()
    assert ((rows >= -1 - 1e-5) & (rows <= 1 + 1e-5)).all()
    order = rank(spans, tokens, ready)
    chances = [each.score for each in order]
    assert sum(chances) == pytest.approx(1, abs=1e-5)
    assert chances == sorted(chances, reverse=True)
    assert min(chances) >= 0
    assert {each.span for each in order} == set(spans)
    assert len(order) == len(spans)
