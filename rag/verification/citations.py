"""Answer text to sentences with exact spans and a support verdict (pure).

Nothing that a model says about its sources is used: each finished sentence is compared with the sentences of
the passages that were found, and is given the spans that carry it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.embedding.likeness import join, least, nearest, words_of
from rag.evidence import Span, follows
from rag.text.words import months, names, numbers, stem, stem_set, stems
from rag.types import Sentence, Support
from rag.vectors import Matrix, TokenVectors
from rag.verification.contrary import contradicted, standing
from rag.verification.strict import lacking

SUPPORTED = 0.8
"""Of 105 sentences judged by hand, half of them answers to questions that had none: at 0.65 .10 of those that
answer real questions were marked as supported and were not, at 0.8 with the rule on negations .065."""
SUPPORTED_SHORT = 0.65
"""The same for an answer of a few words, which is compared together with its question."""
PARTLY = 0.45
PARTLY_SHORT = 0.33
"""The same for an answer of a few words: of "$200" to a long question, most words are the question's."""
LIKE = 0.55
"""Likeness, to its spans, that a supported sentence's two furthest words must reach.

An answer of a few words is spared: most words of its claim are the question's.
"""
MAX_CITATIONS = 3
WORTH_ADDING = 0.15
"""Gain in the score for which a further span is cited."""
ELSEWHERE = 0.3
"""The same for one of another document."""
ASKED = 0.15
"""Weight of a word that the question has already said, against 1 for a word that the answer adds."""
ASKED_BY_SHORT = 0.5
"""The same for an answer of a few words: its span must also be about what was asked."""
YES = frozenset(["ye"])
"""The stem of yes, the one capital word that names nothing."""
SHORT = 3
"""Words up to which an answer counts as short."""
FAIR = 0.33
"""Share of a sentence's other words, each counting alike, that a span must hold for its numbers and months.

For an answer of a few words it is a share of what the best span holds.

A date from one row of a table and an event from another make no fact.
"""
MISSING_COST = 0.3
"""What a missing number or name costs a choice of spans."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a sentence rests on: spans, how well they carry it (0..1) and what they lack.

    It is supported from `bar` on and partly so from `floor` on. `likeness` is that of its two words that are
    furthest from the spans; `lacking` is what full support asks for besides.
    """

    spans: tuple[Span, ...]
    score: float
    missing: frozenset[str]
    bar: float = SUPPORTED
    floor: float = PARTLY
    likeness: float = 1.0
    lacking: frozenset[str] = frozenset()

    @property
    def support(self) -> Support:
        """Return the verdict in a word; a sentence that lacks a number, month or name is unsupported."""
        if self.missing or self.score < self.floor:
            return "unsupported"
        full = self.score >= self.bar and self.likeness >= LIKE and not self.lacking
        return "supported" if full else "partly"


def claim(sentence: str, question: str) -> str:
    """Return what a sentence claims: with the question before it when it is too short to stand alone."""
    return f"{question} {sentence}" if _is_short(sentence) else sentence


def check(
    sentence: str, seen: TokenVectors, spans: Sequence[Span], tokens: Sequence[TokenVectors], question: str
) -> Sentence:
    """Return the sentence with its citations and the verdict.

    Args:
        sentence: a finished sentence of the answer.
        seen: its `claim`, as the embedder sees it.
        spans: sentences of the passages found, each passage's together and in order; only these can be cited.
        tokens: the spans as the embedder sees them.
        question: its words need no source of their own.
    """
    verdict = align(sentence, seen, spans, tokens, question)
    supported = verdict.support != "unsupported"
    citations = tuple(span.citation() for span in verdict.spans) if supported else ()
    missing = tuple(sorted(verdict.missing))
    return Sentence(sentence, citations, verdict.support, round(verdict.score, 4), missing)


def align(
    sentence: str, seen: TokenVectors, spans: Sequence[Span], tokens: Sequence[TokenVectors], question: str
) -> Verdict:
    """Find the one to three spans that carry a sentence best, each worth its place."""
    if not spans:
        return Verdict((), 0.0, frozenset())
    cosines = np.array([each.whole @ seen.whole for each in tokens], np.float32)
    said = _Claim(sentence, question, spans, cosines)
    chosen: tuple[int, ...] = ()
    score, missing = said.carried(())
    most = 1 if _is_short(sentence) else MAX_CITATIONS
    while len(chosen) < min(most, len(spans)):
        tries = {i: said.carried((*chosen, i)) for i in range(len(spans)) if i not in chosen}
        best = max(tries, key=lambda i: (tries[i][0] - MISSING_COST * len(tries[i][1]), -i))
        worth = (
            ELSEWHERE if chosen and spans[best].document_id != spans[chosen[0]].document_id else WORTH_ADDING
        )
        if chosen and tries[best][0] - score < worth and len(tries[best][1]) >= len(missing):
            break
        chosen = (*chosen, best)
        score, missing = tries[best]
    bar, floor = (SUPPORTED_SHORT, PARTLY_SHORT) if _is_short(sentence) else (SUPPORTED, PARTLY)
    likeness = 1.0 if _is_short(sentence) else _likeness(seen, spans, tokens, chosen)
    lacks = _lacking(sentence, question, spans, chosen)
    return Verdict(tuple(spans[i] for i in chosen), score, missing, bar, floor, likeness, lacks)


def _likeness(
    seen: TokenVectors, spans: Sequence[Span], tokens: Sequence[TokenVectors], chosen: Sequence[int]
) -> float:
    """Return the likeness of a claim's two furthest words to its spans and the sentences before them.

    A word of a title is always near.
    """
    near = nearest(seen, [tokens[i] for i in _with_before(spans, chosen)])
    titles = frozenset[str]().union(*(stem_set(spans[i].passage.title) for i in chosen))
    return least(
        [
            1.0 if titles.issuperset(stem([join(seen.tokens, word)])) else float(np.mean(near[word]))
            for word in words_of(seen.tokens)
        ],
        2,
    )


def _lacking(sentence: str, question: str, spans: Sequence[Span], chosen: Sequence[int]) -> frozenset[str]:
    places = (spans[i].passage for i in chosen)
    beside = [text for place in places for text in (place.title, *place.headings)]
    beside += [spans[i].text for i in _with_before(spans, chosen)]
    source = " ".join(spans[i].text for i in chosen)
    named = f"so {question} it is {sentence}" if _is_short(sentence) else sentence
    return lacking(claim(sentence, question), named, source, " ".join(beside)) - YES


def _with_before(spans: Sequence[Span], chosen: Sequence[int]) -> list[int]:
    """Return the chosen spans, and the ones before them in their passages."""
    before = (i - 1 for i in chosen if follows(spans, i))
    return list(dict.fromkeys((*chosen, *before)))


class _Claim:
    """What a sentence says, and how much of it given spans carry."""

    def __init__(self, sentence: str, question: str, spans: Sequence[Span], cosines: Matrix) -> None:
        self._asked_words = set(stems(question))
        self._short = _is_short(sentence)
        asked = ASKED_BY_SHORT if self._short else ASKED
        whole = claim(sentence, question)
        said = stems(whole)
        self._weights = {word: asked if word in self._asked_words else 1.0 for word in said}
        self._exact = frozenset(_exact(sentence))
        self._standing = [standing(whole, span.text) for span in spans]
        inner = f"it is {sentence}" if self._short else sentence  # no capital of a short answer is for show
        dated = set(stem(self._exact)) | {word for word in self._weights if word[:3] in self._exact}
        self._names = frozenset(names(inner)) - self._exact - YES - dated
        self._other = {word: 1.0 for word in self._weights if word not in dated}
        self._asked = _exact(question)
        self._cosines = cosines
        self._spans = spans
        self._stems = [stem_set(span.text) for span in spans]
        self._before = [
            self._stems[i - 1] & self._asked_words if i else frozenset() for i in range(len(spans))
        ]
        self._shares = [_share(self._stems[i] | self._before[i], self._other) for i in range(len(spans))]
        self._fair = FAIR * max(self._shares) if self._short else FAIR
        self._span_exact = [_exact(span.text) for span in spans]
        around = {p.id: p for p in (span.passage for span in spans)}
        texts = {i: " ".join((p.title, *p.headings, p.text)) for i, p in around.items()}
        self._around = {
            i: (stem_set(text), _exact(text) & self._asked | _titled(around[i].title, sentence))
            for i, text in texts.items()
        }

    def carried(self, chosen: tuple[int, ...]) -> tuple[float, frozenset[str]]:
        """Return the score of the chosen spans, 0..1, and what they lack.

        Numbers and months must stand in the spans themselves, and the nearest of these must deny what the
        claim denies, and no more; names, what the question itself says, and the number of a title that is
        named may stand around them.
        """
        held, values, near, near_values = set[str](), set[str](), set[str](), set[str]()
        for i in chosen:
            held |= self._stems[i]
            around = self._around[self._spans[i].passage.id]
            if self._shares[i] >= self._fair:
                values |= self._span_exact[i]
            near |= around[0]
            near_values |= around[1]
        if self._short:
            held |= near & self._asked_words
        lexical = _share(held, self._weights) if chosen else 0.0
        cosine = max((float(self._cosines[i]) for i in chosen), default=0.0)
        missing = (self._exact - values - near_values) | (self._names - near)
        missing |= contradicted(self._standing[i] for i in chosen)
        return (lexical + max(cosine, 0.0)) / 2, missing


def _titled(title: str, sentence: str) -> set[str]:
    """Return the numbers and months of a title that is named in full: "the 1973 oil crisis"."""
    return _exact(title) if title.casefold() in sentence.casefold() else set()


def _is_short(sentence: str) -> bool:
    return len(stems(sentence)) <= SHORT


def _share(held: set[str] | frozenset[str], weights: Mapping[str, float]) -> float:
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in held) / total if total else 1.0


def _exact(text: str) -> set[str]:
    return numbers(text) | months(text)
