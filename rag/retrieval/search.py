"""A question to the evidence for it: passages, their sentences ranked, key quotes, and how sure they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from rag.evidence import RankedSpan, Span, key_quotes, spans_of
from rag.library import Library
from rag.models import Embedder
from rag.question import Question, idf, parts
from rag.retrieval.answerable import answerable
from rag.retrieval.confidence import REFUSE_BELOW, confidence
from rag.retrieval.followup import FollowUp
from rag.retrieval.ranking import rank
from rag.retrieval.reranking import likely, rerank
from rag.retrieval.retrieve import Query, candidates
from rag.retrieval.wrapping import see_questions
from rag.stopwatch import Stopwatch
from rag.text.words import stem, terms
from rag.types import Candidate, Citation, FoundPassage
from rag.vectors import TokenVectors, unit

RERANKED, LEAST_RERANKED, MOST_RERANKED = 2.5, 15, 25
"""Passages whose sentences are looked at: for each passage wanted, at least, and at most."""

CONTEXT = 0.5
"""Weight of the conversation's words in the confidence, against 1 of the question's own."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a question found.

    `spans` are the sentences of `passages` that were looked at, and `tokens` how the embedder sees them;
    `ranked` are the same, best first, and `others` the sentences beside them. `confidence` is the probability
    that the library knows of what was asked, and `answerable` that the best sentence then answers it.
    `candidates` are all passages that were looked at, and `follow_up` is what was searched. `seconds` are
    what its stages took.
    """

    asked: Question
    passages: tuple[FoundPassage, ...]
    spans: Sequence[Span]
    tokens: Sequence[TokenVectors]
    ranked: Sequence[RankedSpan]
    confidence: float
    answerable: float
    quotes: tuple[Citation, ...]
    candidates: tuple[Candidate, ...]
    follow_up: FollowUp
    others: Sequence[Span] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """The question as it is put to the model."""
        return self.asked.text

    @property
    def enough(self) -> bool:
        """Whether the evidence is worth an answer."""
        return self.confidence >= REFUSE_BELOW

    def told(self) -> dict[str, Any]:
        """Return what callbacks are told when the search ends."""
        return {
            "candidates": [asdict(candidate) for candidate in self.candidates],
            "quotes": [quote.quote for quote in self.quotes],
            "confidence": self.confidence,
            "answerable": self.answerable,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """The question, its best passages, their sentences that were looked at with their vectors, and others."""

    question: Question
    passages: Sequence[FoundPassage]
    spans: Sequence[Span]
    tokens: Sequence[TokenVectors]
    others: Sequence[Span]
    candidates: tuple[Candidate, ...]


def search(
    library: Library,
    embedder: Embedder,
    follow_up: FollowUp,
    k: int,
    within: frozenset[str] | None = None,
) -> Evidence:
    """Return the evidence for a question in the `k` best passages, of all documents or of those `within`."""
    watch = Stopwatch()
    with library.catalog.snapshot():
        found = find(library, embedder, follow_up, k, within, watch)
    with watch.during("rank"):
        evidence = judged(found, follow_up)
    return replace(evidence, seconds=watch.seconds)


def judged(found: Found, follow_up: FollowUp) -> Evidence:
    """Return what was found as evidence: its sentences ranked, and how sure they are."""
    ranked = rank(found.spans, found.tokens, found.question)
    sure = confidence(ranked, found.question)
    return Evidence(
        asked=found.question,
        passages=tuple(found.passages),
        spans=found.spans,
        tokens=found.tokens,
        others=found.others,
        ranked=ranked,
        confidence=sure,
        answerable=answerable(found.question, ranked, found.spans, found.tokens),
        quotes=tuple(span.citation() for span in key_quotes(ranked)) if sure >= REFUSE_BELOW else (),
        candidates=found.candidates,
        follow_up=follow_up,
    )


def completed(evidence: Evidence, embedder: Embedder) -> Evidence:
    """Return the evidence after all sentences of its passages were looked at; its key quotes stay."""
    if not evidence.others:
        return evidence
    place = {passage.id: number for number, passage in enumerate(evidence.passages)}
    seen = embedder.embed_tokens([span.text for span in evidence.others])
    pairs = [*zip(evidence.spans, evidence.tokens, strict=True), *zip(evidence.others, seen, strict=True)]
    pairs.sort(key=lambda pair: (place[pair[0].passage.id], pair[0].start))
    spans, tokens = [span for span, _ in pairs], [each for _, each in pairs]
    ranked = rank(spans, tokens, evidence.asked)
    sure = answerable(evidence.asked, ranked, spans, tokens)
    return replace(evidence, spans=spans, tokens=tokens, others=(), ranked=ranked, answerable=sure)


def find(
    library: Library,
    embedder: Embedder,
    follow_up: FollowUp,
    k: int,
    within: frozenset[str] | None = None,
    watch: Stopwatch | None = None,
) -> Found:
    """Return the `k` best passages for a question, and their sentences; `watch` measures."""
    watch = watch or Stopwatch()
    frequency_of = library.catalog.document_frequency
    question, queries = understood(embedder, follow_up, frequency_of, len(library), watch)
    with watch.during("embed"):
        split = parts(follow_up.question)
        seen = see_questions(embedder, split)
        known = queries[0].frequency
        pieces = [Query(t, s.whole, frequency=known) for t, s in zip(split, seen, strict=True)]
    depth = max(LEAST_RERANKED, min(MOST_RERANKED, round(RERANKED * k)))
    every = candidates(library, queries, 3 * max(k, depth), pieces, within, watch)
    with watch.during("rank"):
        passages = [each for each in every if not each.repeats][: max(k, depth)]
        spans = spans_of(passages[:depth], library.catalog.pages(p.document_id for p in passages[:depth]))
        return best_of(question, every, passages, spans, embedder, k)


def best_of(
    question: Question,
    every: Sequence[FoundPassage],
    passages: Sequence[FoundPassage],
    spans: Sequence[Span],
    embedder: Embedder,
    k: int,
) -> Found:
    """Return the `k` best passages, after their sentences were looked at.

    Args:
        question: what is asked.
        every: all passages that were found, repeats among them.
        passages: those that may be chosen.
        spans: the sentences of those that are looked into.
        embedder: sees the sentences.
        k: how many are wanted.
    """
    looked_at = likely(spans, question)
    made = embedder.embed_tokens([spans[place].text for place in looked_at]) if looked_at else []
    seen = dict(zip(looked_at, made, strict=True))
    best = rerank(passages, spans, seen, question)
    kept = {passage.id: (number, passage) for number, passage in enumerate(best[:k])}
    places = [place for place, span in enumerate(spans) if span.passage.id in kept]
    places.sort(key=lambda place: (kept[spans[place].passage.id][0], spans[place].start))
    own = {place: replace(spans[place], passage=kept[spans[place].passage.id][1]) for place in places}
    return Found(
        question,
        best[:k],
        [own[place] for place in places if place in seen],
        [seen[place] for place in places if place in seen],
        [own[place] for place in places if place not in seen],
        _candidates(every, best, k),
    )


def understood(
    embedder: Embedder,
    follow_up: FollowUp,
    frequency_of: Callable[[Sequence[str]], Mapping[str, int]],
    size: int,
    watch: Stopwatch | None = None,
) -> tuple[Question, list[Query]]:
    """Return the question with its weights and vectors, and what to search for.

    Args:
        embedder: sees the question.
        follow_up: what is asked, and what is searched beside it.
        frequency_of: tells how many passages each word stands in.
        size: how many passages there are.
        watch: measures.
    """
    watch = watch or Stopwatch()
    texts = [follow_up.question, follow_up.query] if follow_up.weight else [follow_up.question]
    with watch.during("embed"):
        seen = see_questions(embedder, texts)
    weights = (1.0, follow_up.weight)[: len(texts)]
    words = list(dict.fromkeys(word for text in texts for word in terms(text)))
    with watch.during("lexical"):
        frequency = frequency_of(words)
    queries = [Query(t, s.whole, w, frequency) for t, s, w in zip(texts, seen, weights, strict=True)]
    context = terms(follow_up.query) if follow_up.weight else []
    question = Question(
        follow_up.question,
        idf(follow_up.question, frequency, size),
        unit(np.sum([query.weight * query.vector for query in queries], axis=0)),
        seen[0],
        dict.fromkeys(stem(context), CONTEXT * follow_up.weight),
        size,
    )
    return question, queries


def _candidates(every: Sequence[FoundPassage], best: Sequence[FoundPassage], k: int) -> tuple[Candidate, ...]:
    """Return all that was looked at, the best first, with why the others were dropped."""
    fused = {each.id: each.score for each in every}
    titles = {each.id: each.title for each in every}
    dropped = {each.id: f"not among the {k} best" for each in best[k:]}
    dropped |= {
        each.id: f"says what a better passage of {titles[each.repeats]} says"
        for each in every
        if each.repeats
    }
    looked_at = [*best, *(each for each in every if each.repeats)]
    return tuple(
        Candidate(
            p.id, p.title, p.page, p.start, p.lexical, p.cosine, fused[p.id], p.score, dropped.get(p.id)
        )
        for p in looked_at
    )
