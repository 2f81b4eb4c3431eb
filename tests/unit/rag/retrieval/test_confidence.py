import math

import pytest
from fakes import AngleEmbedder
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence import RankedSpan, spans_of
from rag.question import Question, idf
from rag.retrieval.confidence import (
    EVIDENCE,
    WRITTEN,
    confidence,
    evidence_signals,
    signals,
    written_confidence,
)
from rag.types import FoundPassage, Sentence

QUESTION = "When did flights resume?"


def asked() -> Question:
    [seen] = AngleEmbedder().embed_tokens([QUESTION])
    return Question(QUESTION, idf(QUESTION, {}, 10), seen.whole, seen)


def sure(text: str, sentence: float, whole: float) -> float:
    place = FoundPassage("p", "d", text, 0, len(text), score=1.0, cosine=whole)
    [span] = spans_of([place], {})
    return confidence([RankedSpan(span, 1.0, sentence, 0.5)], asked())


def test_nothing_found_is_no_evidence() -> None:
    assert confidence([], asked()) == 0.0


def test_confidence_grows_with_each_kind_of_evidence() -> None:
    low, high = sure("Cats sleep.", 0.1, 0.1), sure("Flights resumed.", 0.8, 0.7)
    assert 0.0 < low < 0.05
    assert 0.95 < high < 1.0
    assert low < sure("Flights resumed.", 0.1, 0.1)
    assert low < sure("Cats sleep.", 0.1, 0.5)
    assert low < sure("Cats sleep.", 0.5, 0.1)


@pytest.mark.parametrize("cosine", [-1.0, 0.0, 1.0])
def test_it_is_a_probability(cosine: float) -> None:
    found = sure("Flights resumed.", cosine, cosine)
    assert 0 <= found <= 1
    assert math.isfinite(found)


def ranked(*chances: float) -> list[RankedSpan]:
    text = " ".join(f"Flights resumed in the year {n}." for n in range(len(chances)))
    place = FoundPassage("p", "d", text, 0, len(text), score=1.0, cosine=0.6)
    spans = spans_of([place], {})
    return [RankedSpan(span, chance, 0.7, 0.5) for span, chance in zip(spans, chances, strict=True)]


def said(*cited: RankedSpan, support="supported", score: float = 0.8) -> Sentence:
    return Sentence("It is so.", tuple(each.span.citation() for each in cited), support, score)


def judged(found, sentences=(), logprobs=(), certain=None, answers=None) -> dict[str, float]:
    return signals(found, asked(), sentences, logprobs, certain, answers)


class TestSignals:
    def test_have_these_names_in_this_order(self) -> None:
        found = ranked(0.6, 0.4)
        assert tuple(judged(found)) == WRITTEN
        assert tuple(evidence_signals(found, asked())) == EVIDENCE
        shared = evidence_signals(found, asked()).items() & judged(found).items()
        assert {name for name, _ in shared} == set(EVIDENCE) & set(WRITTEN)

    def test_tell_the_chance_of_what_is_cited_once(self) -> None:
        found = ranked(0.5, 0.3, 0.2)
        seen = judged(found, [said(found[1]), said(found[1], found[2])])
        assert seen["chance of the best sentence"] == 0.5
        assert seen["chance of the cited sentences"] == pytest.approx(0.5)
        assert judged(found, [said()])["chance of the cited sentences"] == 0

    @pytest.mark.parametrize(
        ("sentences", "expected"),
        [
            pytest.param([], 0, id="nothing said"),
            pytest.param([said(score=0.7), said(score=0.9)], 0.9, id="the best"),
            pytest.param([said(support="partly", score=0.5)], 0.5, id="partly"),
            pytest.param([said(support="unsupported", score=0.9), said(score=0.7)], 0.7, id="unsupported"),
        ],
    )
    def test_tell_the_support_of_the_best_sentence(self, sentences, expected: float) -> None:
        assert judged(ranked(1.0), sentences)["support of the best sentence"] == expected

    def test_tell_how_sure_the_model_was_of_its_words(self) -> None:
        seen = judged(ranked(1.0), logprobs=[-0.1, -0.5, -0.3], certain=0.0)
        assert seen["mean log-probability"] == pytest.approx(-0.3)
        assert seen["least log-probability"] == -0.5
        assert seen["model's own yes"] == 0.0

    def test_of_a_model_that_does_not_tell_lie_between(self) -> None:
        seen = judged(ranked(1.0))
        assert seen["least log-probability"] <= seen["mean log-probability"] < 0
        assert 0 < seen["model's own yes"] < 1

    def test_tell_whether_the_best_sentence_answers(self) -> None:
        assert judged(ranked(1.0), answers=0.2)["chance that it answers"] == 0.2
        assert 0 < judged(ranked(1.0))["chance that it answers"] < 1  # of a long question nothing is known


SEEN = {name: st.floats(-5, 1) if "log" in name else st.floats(0, 1) for name in WRITTEN}


@given(st.fixed_dictionaries(SEEN))
def test_a_written_answer_has_a_probability(seen: dict[str, float]) -> None:
    assert 0 <= written_confidence(seen) <= 1


@given(st.fixed_dictionaries(SEEN), st.sampled_from(WRITTEN), st.floats(0, 1))
def test_each_signal_moves_it_one_way(seen: dict[str, float], name: str, more: float) -> None:
    """Whatever the fit: which way a signal moves it does not depend on the others."""
    middle = dict.fromkeys(WRITTEN, 0.0)
    way = written_confidence(middle | {name: 1.0}) - written_confidence(middle)
    moved = written_confidence(seen | {name: seen[name] + more}) - written_confidence(seen)
    assert way * moved >= 0
