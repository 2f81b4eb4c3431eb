"""Key quotes: do the sources' own words, shown before any model has read them, hold the answer?"""

from __future__ import annotations

from collections.abc import Sequence

from rag.evaluation.bench import Bench, Findings, Opened, texts
from rag.evaluation.metrics import holds
from rag.evaluation.questions import Question
from rag.types import EvidenceFound


def quotes(bench: Bench, found: Findings, opened: Opened, questions: Sequence[Question]) -> None:
    """Add the share of answerable questions whose best one, two or three key quotes hold the answer."""
    asked = bench.draw([q for q in questions if q.answerable and q.answers], model=False)
    scores: dict[int, dict[str, float]] = {n: {} for n in (1, 2, 3)}
    for question in bench.track(asked, f"{found.set.name}: key quotes"):
        shown = list(texts(evidence(opened, question.text)))
        for n, each in scores.items():
            each[question.id] = float(holds(" ".join(shown[:n]), question.answers))
        if not scores[3][question.id]:
            found.fail("key quotes hold it, best 3", question, " … ".join(shown))
    for n, each in scores.items():
        found.mean(f"key quotes hold it, best {n}", each)


def evidence(opened: Opened, question: str) -> list[str]:
    """Return the key quotes, which are the first event of the product's stream; no model is asked."""
    events = opened.assistant.stream(question)
    first = next(iter(events))
    assert isinstance(first, EvidenceFound)  # noqa: S101 - a stream begins with its evidence
    return [quote.quote for quote in first.quotes]
