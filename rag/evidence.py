"""Passages to sentences, and ranked sentences to key quotes (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.text.sentences import sentence_spans
from rag.text.words import stem_set
from rag.types import Citation, FoundPassage

MAX_QUOTES = 3
SURE = 0.98
"""Chance of holding the answer, together, at which no further key quote is shown."""
_RULES = "#=-~^*_ \t\n"


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence of a passage, by its number there; offsets are into the document's text."""

    passage: FoundPassage
    start: int
    end: int
    page: int | None
    number: int = 0

    @property
    def document_id(self) -> str:
        """The document that the span is in."""
        return self.passage.document_id

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
    """A sentence as evidence.

    `score` is its chance, 0..1, to be the one that holds the answer if any of its kind does; `cosine` and
    `share` (of the question's words) say how near it is to the question.
    """

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
        number = 0
        for a, b in sentence_spans(passage.text):
            bare = passage.text[a:b].strip(_RULES)
            if not bare or bare in passage.headings:
                continue
            start = passage.start + a
            page = int(np.searchsorted(starts, start, side="right")) or None
            spans.append(Span(passage, start, passage.start + b, page, number))
            number += 1
    return spans


def follows(spans: Sequence[Span], place: int) -> bool:
    """Tell whether the span at a place is the sentence after the span before it."""
    if not place:
        return False
    before, span = spans[place - 1], spans[place]
    return span.passage.id == before.passage.id and span.number == before.number + 1


def key_quotes(ranked: Sequence[RankedSpan]) -> list[Span]:
    """Return one to three sentences that answer in the sources' own words, best first.

    None repeats another's words; further ones are shown until one of them very likely holds the answer.
    """
    chosen: list[RankedSpan] = []
    for each in ranked:
        if len(chosen) == MAX_QUOTES or sum(one.score for one in chosen) >= SURE:
            break
        if not any(stem_set(each.span.text) == stem_set(other.span.text) for other in chosen):
            chosen.append(each)
    return [each.span for each in chosen]
