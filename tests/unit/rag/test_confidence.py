import math

import pytest
from fakes import AngleEmbedder

from rag.confidence import confidence
from rag.evidence import RankedSpan, spans_of
from rag.question import Question, idf
from rag.types import FoundPassage

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
