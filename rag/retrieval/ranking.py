"""Sentences ranked as evidence for a question (pure).

Each sentence is described by the features below and scored by a small network; ``python -m tests.fit``
fits its weights. On 1,878 questions over 400 Wikipedia paragraphs, each fold scored by a network that had
not seen its articles, the best sentence holds the accepted answer of .827, the best two of .908, the best
three of .935; the plain sum of the first three features gives .780, .875 and .913.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rag.embedding.likeness import LIGHT, QUESTION_WORDS, nearest
from rag.evidence import RankedSpan, Span, follows
from rag.question import Question, offers
from rag.retrieval.network import load
from rag.text.words import stem_set, stems
from rag.vectors import Matrix, TokenVectors

FEATURES = (
    "cosine, scaled",
    "share of the question's words, scaled",
    "passage's score, scaled",
    "pairs of the question's words that stand together",
    "share, with the title",
    "share of the sentence before",
    "cosine of the sentence before, scaled",
    "share of the whole passage",
    "offers a time to when",
    "offers an amount to how many",
    "offers a name to who",
    "offers a name to where",
    "likeness of the question's words, scaled",
    "likeness of all tokens, scaled",
    "likeness of the question word, scaled",
    "cosine",
    "share",
    "likeness of the question's words",
)
"""What a sentence is described by. Likeness is the mean over the question's tokens; "scaled" is to 0..1 over
the sentences."""


def rank(spans: Sequence[Span], tokens: Sequence[TokenVectors], question: Question) -> list[RankedSpan]:
    """Return the spans ranked as evidence for the question, best first.

    Args:
        spans: sentences of the passages found, each passage's together and in order; some may be missing.
        tokens: the spans as the embedder sees them.
        question: what is asked.
    """
    if not spans:
        return []
    rows = features(spans, tokens, question)
    scores = load("ranking", FEATURES)(rows)
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    cosine, share = FEATURES.index("cosine"), FEATURES.index("share")
    order = sorted(range(len(spans)), key=lambda i: (-chances[i], i))
    return [
        RankedSpan(spans[i], float(chances[i]), float(rows[i, cosine]), float(rows[i, share])) for i in order
    ]


def features(spans: Sequence[Span], tokens: Sequence[TokenVectors], question: Question) -> Matrix:
    """Return what describes each span, shape (spans, features)."""
    likeness = np.array([_likeness(question.tokens, each) for each in tokens], np.float32)
    cosines = np.array([float(each.whole @ question.vector) for each in tokens], np.float32)
    shares = np.array([question.share(stem_set(span.text)) for span in spans], np.float32)
    places = np.array([span.passage.score for span in spans], np.float32)
    first = np.array([not follows(spans, place) for place in range(len(spans))])
    before = np.where(first, 0, np.roll(shares, 1))
    cosines_before = np.where(first, cosines, np.roll(cosines, 1))
    kind = question.kind
    offered = np.array([offers(span.text, question.text, kind) for span in spans], np.float32)
    columns = (
        scale(cosines),
        scale(shares),
        scale(places),
        _pairs(spans, question),
        [question.share(stem_set(span.text) | stem_set(span.passage.title)) for span in spans],
        before,
        scale(cosines_before),
        _whole_shares(spans, question),
        *(offered * (kind == each) for each in ("when", "how many", "who", "where")),
        *(scale(column) for column in likeness.T),
        cosines,
        shares,
        likeness[:, 0],
    )
    return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)


def scale(values: Matrix) -> Matrix:
    """Scale values to 0..1; equal ones all become 1."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.ones_like(values)


def _likeness(asked: TokenVectors, said: TokenVectors) -> tuple[float, float, float]:
    """Return the likeness of the question's words, of all its tokens, and of its question word."""
    near = nearest(asked, [said])
    words = [i for i, token in enumerate(asked.tokens) if token not in LIGHT]
    question_words = [i for i, token in enumerate(asked.tokens) if token in QUESTION_WORDS]
    every = float(near.mean())
    return (
        float(near[words].mean()) if words else every,
        every,
        float(near[question_words].mean()) if question_words else 0.0,
    )


def _pairs(spans: Sequence[Span], question: Question) -> list[float]:
    """Return the weight of the question's neighbouring words that a span has at most two places apart."""
    asked = list(pairwise(question.weights))
    total = 2 * sum(question.weights.values()) or 1.0
    found = []
    for span in spans:
        words = stems(span.text)
        near = {*zip(words, words[1:], strict=False), *zip(words, words[2:], strict=False)}
        near |= set(zip(words[1:], words, strict=False))
        held = sum(question.weights[a] + question.weights[b] for a, b in asked if (a, b) in near)
        found.append(held / total)
    return found


def _whole_shares(spans: Sequence[Span], question: Question) -> list[float]:
    held = {span.passage.id: span.passage.text for span in spans}
    shares = {key: question.share(stem_set(text)) for key, text in held.items()}
    return [shares[span.passage.id] for span in spans]
