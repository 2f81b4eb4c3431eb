"""How likely an answer is right: judged by the evidence, and once it is written by the answer too (pure).

Two logistic models; ``python -m tests.fit confidence`` fits their coefficients, which lie in
``rag/weights/confidence.json`` with the data that they come from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rag.evidence import RankedSpan
from rag.question import Question
from rag.retrieval.network import logistic, read_weights
from rag.text.words import stem_set
from rag.types import Sentence

REFUSE_BELOW = 0.2
"""Confidence in the evidence below which a question is refused without asking the model.

By fits that had not seen the documents, of questions whose article was removed from a library of some 300
paragraphs this refuses 71%, of questions put to one document of another kind 84 to 96%, of long ones that
no article answers 88%; and of answerable ones none of 498, 1 of 52 about the starter documents, and 3 of 63
about a mail or a table. What the model writes for the rest is checked.
"""

WRITTEN_BELOW = 0.265
"""Confidence in a written answer below which it is withheld.

Of 311 answers of the default model that stood, judged by fits that had not seen their documents, this
withholds some 30% of those to questions that merely look answerable, 60% of those to questions whose article
is absent, and of the right ones 1% about paragraphs, 5 to 11% about the starter documents, and no other.
"""

NEARNESS = ("best sentence's cosine", "best passage's cosine", "share of the question's words held")
EVIDENCE = (*NEARNESS, "logarithm of the library's passages")
"""What evidence is judged by. The nearest of many passages is near by chance, too."""
WRITTEN = (
    *NEARNESS,
    "chance that it answers",
    "chance of the best sentence",
    "chance of the cited sentences",
    "support of the best sentence",
    "mean log-probability",
    "least log-probability",
    "model's own yes",
)
"""What a written answer is judged by. A model that tells no log-probabilities is given their means."""


def confidence(ranked: Sequence[RankedSpan], question: Question) -> float:
    """Return the probability, in 0..1, that the library holds the answer.

    Args:
        ranked: the evidence, best first.
        question: what was asked.
    """
    return logistic("confidence", evidence_signals(ranked, question), "evidence") if ranked else 0.0


def evidence_signals(ranked: Sequence[RankedSpan], question: Question) -> dict[str, float]:
    """Return what the evidence is judged by, by name; at least one span is needed."""
    place = ranked[0].span.passage
    held = question.share_alike(stem_set(" ".join((place.title, *place.headings, place.text))))
    best_sentence = max(each.cosine for each in ranked)
    best_passage = max(each.span.passage.cosine for each in ranked)
    size = math.log(max(question.n_passages, 1))
    return dict(zip(EVIDENCE, (best_sentence, best_passage, held, size), strict=True))


def signals(
    ranked: Sequence[RankedSpan],
    question: Question,
    sentences: Sequence[Sentence],
    logprobs: Sequence[float],
    certain: float | None,
    answers: float | None,
) -> dict[str, float]:
    """Return what a written answer is judged by, by name.

    Args:
        ranked: the evidence, best first.
        question: what was asked.
        sentences: the answer's, checked.
        logprobs: of the answer's tokens; empty when the model does not tell them.
        certain: the model's probability that its answer is right; None when it does not tell.
        answers: the probability that the best sentence answers the question; None for a question that no
            single sentence could answer.
    """
    cited = {(c.passage_id, c.start) for sentence in sentences for c in sentence.citations}
    chances = [each.score for each in ranked if (each.span.passage.id, each.span.start) in cited]
    neutral = read_weights("confidence")["written"]["neutral"]
    written = (
        neutral["chance that it answers"] if answers is None else answers,
        ranked[0].score,
        sum(chances),
        max((each.score for each in sentences if each.support != "unsupported"), default=0.0),
        sum(logprobs) / len(logprobs) if logprobs else neutral["mean log-probability"],
        min(logprobs) if logprobs else neutral["least log-probability"],
        neutral["model's own yes"] if certain is None else certain,
    )
    evidence = evidence_signals(ranked, question)
    near = {name: evidence[name] for name in NEARNESS}
    return near | dict(zip(WRITTEN[len(NEARNESS) :], written, strict=True))


def written_confidence(seen: Mapping[str, float]) -> float:
    """Return the probability, in 0..1, that a written answer with these `signals` is right and supported."""
    return logistic("confidence", seen, "written")
