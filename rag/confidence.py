"""How likely an answer is right: judged by the evidence, and once it is written by the answer too (pure).

Two logistic models; ``python -m tests.fit confidence`` fits their coefficients, which lie in
``rag/weights/confidence.json`` with the data that they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.evidence import RankedSpan
from rag.network import logistic, read_weights
from rag.question import Question
from rag.types import Sentence
from rag.words import stem_set

REFUSE_BELOW = 0.1
"""Confidence in the evidence below which a question is refused without asking the model.

On 160 answerable questions of SQuAD 2.0 and 220 whose article was removed from the library, by fits that had
not seen the articles, this refuses 83% of the latter and none of the former; what the model writes for the
rest is checked, and all but 3% of the latter end as refusals.
"""

WRITTEN_BELOW = 0.1
"""Confidence in a written answer below which it is withheld: 1% of the right ones and 3% of the others.

At 0.2 it would be 7% and 12%. The signals tell a question that merely looks answerable from a real one with
an area under the curve of .69 (169 answers of the default model, half of them to such questions).
"""

EVIDENCE = ("best sentence's cosine", "best passage's cosine", "share of the question's words held")
WRITTEN = (
    *EVIDENCE,
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
    held = question.share_with_context(stem_set(" ".join((place.title, *place.headings, place.text))))
    best_sentence = max(each.cosine for each in ranked)
    best_passage = max(each.span.passage.cosine for each in ranked)
    return dict(zip(EVIDENCE, (best_sentence, best_passage, held), strict=True))


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
    return evidence_signals(ranked, question) | dict(zip(WRITTEN[len(EVIDENCE) :], written, strict=True))


def written_confidence(seen: Mapping[str, float]) -> float:
    """Return the probability, in 0..1, that a written answer with these `signals` is right and supported."""
    return logistic("confidence", seen, "written")
