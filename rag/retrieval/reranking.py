"""Passages found to the best of them, by their sentences; and which sentences are worth a look (pure).

Nearly all of a search is the embedding of sentences. Those of the passages that were found best, and those
with most of the question's words, are looked at for the key quotes; the others when an answer is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rag.evidence import Span
from rag.question import Question
from rag.retrieval.ranking import scale
from rag.text.words import stem_set
from rag.types import FoundPassage
from rag.vectors import Matrix, TokenVectors

CHARS = 200
"""Characters of sentences that are looked at, for each passage looked into; a search takes half the time.

The best key quote of factoid holds the answer of .831 then, and of .834 where all are looked at, the best
three of .932 both; SciFact nDCG@10 is .707 and .711, facts of news in the top ten .919 and .920.
"""

LEAST = 8
"""Sentences that are looked at, however long they are."""

SENTENCE, WORDS = 0.3, 0.15
"""Weight of a passage's nearest sentence, and of its sentence with most words of the question, against 1 of
its fused score. Together: factoid recall@1 .856 to .883, SciFact nDCG@10 .702 to .713, facts of news in the
top ten .897 to .903."""


def likely(spans: Sequence[Span], question: Question) -> list[int]:
    """Return the places of the sentences that are worth a look, in their order."""
    if not spans:
        return []
    scores = np.array([span.passage.score for span in spans], np.float32)
    order = np.argsort(-(scale(_shares(spans, question)) + scale(scores)), kind="stable")
    chars = CHARS * len({span.passage.id for span in spans})
    together = np.cumsum([len(spans[place].text) for place in order])
    n_looked_at = max(LEAST, int(np.searchsorted(together, chars, side="right")))
    return sorted(order[:n_looked_at].tolist())


def rerank(
    passages: Sequence[FoundPassage],
    spans: Sequence[Span],
    seen: Mapping[int, TokenVectors],
    question: Question,
) -> list[FoundPassage]:
    """Return the passages with the scores of their best sentences added, best first; scores stay in 0..1.

    Args:
        passages: in their order; those of which no sentence was looked at come after the others.
        spans: sentences of the first of them.
        seen: by place among `spans`, those that were looked at as the embedder sees them.
        question: what is asked.
    """
    cosines: dict[str, float] = {}
    for place, tokens in seen.items():
        key = spans[place].passage.id
        cosines[key] = max(cosines.get(key, -1.0), float(tokens.whole @ question.vector))
    shares: dict[str, float] = {}
    for span, share in zip(spans, _shares(spans, question).tolist(), strict=True):
        shares[span.passage.id] = max(shares.get(span.passage.id, 0.0), share)
    near, held = _scaled(cosines), _scaled(shares)
    total = 1 + SENTENCE + WORDS
    scored = [
        replace(p, score=(p.score + SENTENCE * near.get(p.id, 0.0) + WORDS * held.get(p.id, 0.0)) / total)
        for p in passages
    ]
    return sorted(scored, key=lambda passage: (passage.id not in near, -passage.score))


def _shares(spans: Sequence[Span], question: Question) -> Matrix:
    return np.array([question.share(stem_set(span.text)) for span in spans], np.float32)


def _scaled(values: Mapping[str, float]) -> dict[str, float]:
    if not values:
        return {}
    scaled = scale(np.array(list(values.values()), np.float32))
    return dict(zip(values, scaled.tolist(), strict=True))
