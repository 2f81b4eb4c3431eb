"""Whether the best evidence answers a question, or merely looks as if it did (pure).

A question that a document does not answer often stands close to one that it does: all its words but one are
there, or it asks for the opposite. So the words are looked at one by one, the least likely first.
``python -m tests.fit answerable`` fits the coefficients of ``rag/weights/answerable.json``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.embedding.likeness import join, least, nearest, words_of
from rag.evidence import RankedSpan, Span, follows
from rag.question import Question
from rag.retrieval.network import logistic
from rag.text.words import is_negated, months, names, numbers, stem, stem_set
from rag.vectors import TokenVectors
from rag.verification.contrary import turned

FEATURES = (
    "least likeness of a word",
    "likeness of the two least words",
    "likeness of the question as a whole",
    "likeness of the two least words, in the passage",
    "likeness of all words, in the passage",
    "least likeness of a name, in the passage",
    "passage's cosine",
    "share of the question's words, with the sentence before and the title",
    "numbers that the passage lacks",
    "denies what the sentence says",
    "the sentence says it the other way round",
    "chance of the three best sentences",
)
"""What tells them apart. Likeness without more is to the best sentence and the one before it."""
TRUSTED = 3


def answerable(
    question: Question, ranked: Sequence[RankedSpan], spans: Sequence[Span], tokens: Sequence[TokenVectors]
) -> float:
    """Return the probability that the best sentence answers the question, where its subject is right.

    Args:
        question: what was asked.
        ranked: the evidence, best first.
        spans: the sentences of the passages found, each passage's together and in order.
        tokens: the spans as the embedder sees them.
    """
    if not ranked:
        return 0.0
    values = features(question, ranked, spans, tokens)
    return logistic("answerable", dict(zip(FEATURES, values, strict=True)))


def features(
    question: Question, ranked: Sequence[RankedSpan], spans: Sequence[Span], tokens: Sequence[TokenVectors]
) -> list[float]:
    """Return what describes the question beside its best sentence; at least one span is needed."""
    best = ranked[0].span
    here = [i for i, span in enumerate(spans) if span.passage.id == best.passage.id]
    place = next(i for i in here if spans[i].start == best.start)
    close = [place - 1, place] if follows(spans, place) else [place]
    near = nearest(question.tokens, [tokens[i] for i in close])
    wide = nearest(question.tokens, [tokens[i] for i in here])
    own = nearest(question.tokens, [tokens[place]])
    groups = words_of(question.tokens.tokens)
    in_near, in_wide = ([float(np.mean(each[group])) for group in groups] for each in (near, wide))
    said = stem_set(best.passage.title).union(*(stem_set(spans[i].text) for i in close))
    exact = numbers(question.text) | months(question.text)
    called = names(f"so {question.text}")  # the first word can be a name, too
    named = [
        value
        for value, group in zip(in_wide, groups, strict=True)
        if set(stem([join(question.tokens.tokens, group)])) & called
    ]
    return [
        least(in_near, 1),
        least(in_near, 2),
        float(own[0]),
        least(in_wide, 2),
        sum(in_wide) / len(in_wide),
        least(named, 1),
        best.passage.cosine,
        question.share(said),
        float(len(exact - numbers(best.passage.text) - months(best.passage.text))),
        float(is_negated(question.text) and not is_negated(best.text)),
        float(bool(turned(question.text, best.text))),
        sum(each.score for each in ranked[:TRUSTED]),
    ]
