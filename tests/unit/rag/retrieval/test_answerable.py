"""Whether the best sentence answers, or merely looks as if it did."""

from __future__ import annotations

import math

import pytest
from fakes import AngleEmbedder

from rag.evidence import RankedSpan, spans_of
from rag.question import Question, idf
from rag.retrieval.answerable import FEATURES, answerable, features
from rag.types import FoundPassage

TEXT = "The court met in Arden. It did not uphold the measures of 1950. The king rode from Arden to Bell."
QUESTION = "What measures did the court in Arden uphold?"


def described(question: str, best: int = 1) -> dict[str, float]:
    asked, ranked, spans, tokens = evidence(question, best)
    return dict(zip(FEATURES, features(asked, ranked, spans, tokens), strict=True))


def evidence(question: str, best: int = 1):
    place = FoundPassage("p", "d", TEXT, 0, len(TEXT), title="Courts", cosine=0.6)
    spans = spans_of([place], {})
    embedder = AngleEmbedder()
    [seen] = embedder.embed_tokens([question])
    asked = Question(question, idf(question, {}, 10), seen.whole, seen)
    order = [best, *(i for i in range(len(spans)) if i != best)]
    ranked = [RankedSpan(spans[i], 1 / (2 + n), 0.5, 0.5) for n, i in enumerate(order)]
    return asked, ranked, spans, embedder.embed_tokens([span.text for span in spans])


def test_every_feature_is_a_number() -> None:
    seen = described(QUESTION)
    assert all(math.isfinite(value) for value in seen.values())
    assert 0 < answerable(*evidence(QUESTION)) < 1


def test_without_evidence_nothing_is_answered() -> None:
    asked, *_ = evidence(QUESTION)
    assert answerable(asked, [], [], []) == 0


@pytest.mark.parametrize(
    ("question", "best", "name", "value"),
    [
        pytest.param(QUESTION, 1, "the sentence says it the other way round", 1, id="denied"),
        pytest.param(
            "Who rode from Bell to Arden?", 2, "the sentence says it the other way round", 1, id="turned"
        ),
        pytest.param(
            "Who rode from Arden to Bell?", 2, "the sentence says it the other way round", 0, id="as it is"
        ),
        pytest.param(
            "Who did not ride to Bell?", 2, "denies what the sentence says", 1, id="asks what is not"
        ),
        pytest.param("What did it not uphold?", 1, "denies what the sentence says", 0, id="both deny"),
        pytest.param("What was upheld in 1951?", 1, "numbers that the passage lacks", 1, id="another year"),
        pytest.param("What was upheld in 1950?", 1, "numbers that the passage lacks", 0, id="the year"),
    ],
)
def test_what_tells_them_apart(question: str, best: int, name: str, value: float) -> None:
    assert described(question, best)[name] == value


def test_the_other_way_round_is_less_likely_to_answer() -> None:
    assert answerable(*evidence("Who rode from Bell to Arden?", 2)) < answerable(
        *evidence("Who rode from Arden to Bell?", 2)
    )
