"""Answers to long questions, which no single sentence of the sources carries (pure).

"Does A report a loss while B reports a gain?" is answered by a judgement on several places. Such an answer is
checked part by part: each part of the question gets the place that speaks of it. What the answer adds must
stand there; the judgement itself is the model's, so that it is never more than partly supported.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.evidence import Span
from rag.question import parts
from rag.text.words import months, names, numbers, stem_set, terms
from rag.types import Sentence
from rag.vectors import TokenVectors
from rag.verification.citations import YES

LONG = 12
"""Words of meaning from which a question of several parts counts as long."""
CARRIED = 0.35
"""Mean over the parts of how near their best places are, for the answer to stand."""
MOST_PLACES = 4


def pieces(question: str) -> list[str]:
    """Return the parts of a long question; none of another."""
    return parts(question) if len(terms(question)) >= LONG else []


def check_together(
    sentence: Sentence,
    question: str,
    seen: Sequence[TokenVectors],
    spans: Sequence[Span],
    tokens: Sequence[TokenVectors],
) -> Sentence:
    """Return the sentence with a place for each part of its question, if these carry it together.

    Args:
        sentence: one that no single place carries.
        question: a long one.
        seen: its `pieces`, as the embedder sees them.
        spans: sentences of the passages found.
        tokens: the spans as the embedder sees them.
    """
    split = pieces(question)
    if not split or not spans:
        return sentence
    held = [stem_set(f"{span.passage.title} {span.text}") for span in spans]
    chosen, scores = list[int](), list[float]()
    for text, each in zip(split, seen, strict=True):
        said = stem_set(text)
        near = [_nearness(said, held[i], float(tokens[i].whole @ each.whole)) for i in range(len(spans))]
        best = int(np.argmax(near))
        chosen.append(best)
        scores.append(near[best])
    score = sum(scores) / len(scores)
    places = list(dict.fromkeys(chosen))[:MOST_PLACES]
    if score < CARRIED or _added(sentence.text, question, [spans[i] for i in places]):
        return sentence
    return Sentence(sentence.text, tuple(spans[i].citation() for i in places), "partly", round(score, 4))


def _nearness(said: frozenset[str], held: frozenset[str], cosine: float) -> float:
    """Return how near a place is to a part, 0..1; one that shares no word with it is none."""
    shared = len(said & held)
    return (shared / len(said) + max(cosine, 0.0)) / 2 if shared else 0.0


def _added(sentence: str, question: str, places: Sequence[Span]) -> set[str]:
    """Return the numbers, months and names that a sentence adds to the question and no place has."""
    around = " ".join(f"{each.passage.title} {each.passage.text}" for each in places)
    named = names(f"so {sentence}") - stem_set(question) - stem_set(around) - YES
    exact = (numbers(sentence) | months(sentence)) - numbers(question) - months(question)
    return (named | exact) - numbers(around) - months(around)
