"""Passages to ranked sentences, and to the key quotes among them (pure).

Sentences of the best passages are ranked by the sum of three scores, each scaled to 0..1: similarity of the
embeddings, idf-weighted share of the question's words, and the passage's own score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.sentences import sentence_spans
from rag.types import Citation, FoundPassage
from rag.vectors import Matrix
from rag.words import stem, stems, terms

MAX_QUOTES = 3
NEAR_BEST = 0.7
"""Share of the best score that a further key quote needs."""
_RULES = "#=-~^*_ \t\n"


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence of a passage; offsets are into the document's text."""

    passage: FoundPassage
    start: int
    end: int
    page: int | None

    @property
    def text(self) -> str:
        """The words of the span."""
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]

    def citation(self) -> Citation:
        """Return the span as a citation."""
        place = self.passage
        return Citation(
            place.id, place.document_id, place.uri, place.title, self.page, self.start, self.end, self.text
        )


@dataclass(frozen=True, slots=True)
class RankedSpan:
    """A sentence with its score in 0..3, its cosine and its share of the question's words (both raw)."""

    span: Span
    score: float
    cosine: float
    share: float


def spans_of(passages: Sequence[FoundPassage], pages: Mapping[str, Sequence[int]]) -> list[Span]:
    """Return the sentences of the passages, in their order; headings and rules are none.

    Args:
        passages: where to look.
        pages: for each document, the offsets at which its pages start.
    """
    spans = []
    for passage in passages:
        starts = pages.get(passage.document_id, ())
        for a, b in sentence_spans(passage.text):
            bare = passage.text[a:b].strip(_RULES)
            if not bare or bare in passage.headings:
                continue
            start = passage.start + a
            page = int(np.searchsorted(starts, start, side="right")) or None
            spans.append(Span(passage, start, passage.start + b, page))
    return spans


def idf(question: str, frequency: Mapping[str, int], n_passages: int) -> dict[str, float]:
    """Return the weight of each stem of the question: ln(1 + (N - df + 0.5) / (df + 0.5)), as in BM25."""
    weights: dict[str, float] = {}
    for term in terms(question):
        df = frequency.get(term, 0)
        weights[stem([term])[0]] = math.log(1 + (n_passages - df + 0.5) / (df + 0.5))
    return weights


def rank(
    spans: Sequence[Span], question_vector: Matrix, vectors: Matrix, weights: Mapping[str, float]
) -> list[RankedSpan]:
    """Return the spans ranked as evidence for the question, best first.

    Args:
        spans: sentences of the passages found.
        question_vector: shape (dimensions,).
        vectors: the spans' embeddings, shape (n, dimensions).
        weights: the question's stems with their idf.
    """
    if not spans:
        return []
    cosines = vectors @ question_vector
    shares = np.array([share(span.text, weights) for span in spans])
    places = np.array([span.passage.score for span in spans])
    scores = _scale(cosines) + _scale(shares) + _scale(places)
    order = sorted(range(len(spans)), key=lambda i: (-scores[i], i))
    return [RankedSpan(spans[i], float(scores[i]), float(cosines[i]), float(shares[i])) for i in order]


def share(text: str, weights: Mapping[str, float]) -> float:
    """Return the idf-weighted share of the question's words that stand in `text`, 0..1."""
    total = sum(weights.values())
    if not total:
        return 0.0
    held = set(stems(text))
    return sum(weight for word, weight in weights.items() if word in held) / total


def _scale(values: Matrix) -> Matrix:
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.ones_like(values)


def key_quotes(ranked: Sequence[RankedSpan]) -> list[Span]:
    """Return one to three sentences that answer in the sources' own words, best first.

    A further one is shown only when it comes near the best; none repeats another's words.
    """
    chosen: list[RankedSpan] = []
    for each in ranked:
        if len(chosen) == MAX_QUOTES or (chosen and each.score < NEAR_BEST * chosen[0].score):
            break
        if not any(set(stems(each.span.text)) == set(stems(other.span.text)) for other in chosen):
            chosen.append(each)
    return [each.span for each in chosen]
