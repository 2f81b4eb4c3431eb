"""Questions about paragraphs, answerable or not: the whole of what an answer promises."""

from __future__ import annotations

import random
from collections.abc import Iterator

from rag.evaluation.answering import (
    Asked,
    answers,
    ask,
    citations,
    confidence,
    false_conflicts,
    refusals,
)
from rag.evaluation.bench import Bench, Findings, Opened
from rag.evaluation.questions import Question, QuestionSet, Source
from rag.evaluation.quotes import quotes
from rag.evaluation.retrieval import retrieval

MEASURES = frozenset({"retrieval", "quotes", "answers", "citations", "refusal", "confidence", "conflicts"})
FOLDS = 4
_RETRIEVAL = {
    "ndcg_cut_10": "nDCG@10",
    "recall_1": "recall@1",
    "recall_5": "recall@5",
    "recall_100": "recall@100",
}


def measure(bench: Bench, found: Findings) -> None:
    """Add the figures of a factoid set."""
    absent = list[Asked]()
    with bench.build(found.set.sources) as opened:
        if bench.wants("retrieval"):
            retrieval(bench, found, opened, _RETRIEVAL, "recall@5", 5)
        if bench.wants("quotes"):
            quotes(bench, found, opened, found.set.questions)
        asked = _asked(bench, found, opened)
        if bench.wants("answers"):
            answers(found, asked)
        if bench.wants("citations"):
            citations(found, asked, opened)
    if bench.wants("refusal"):
        refusals(found, asked, "refused, unanswerable beside its paragraph", curve=True)
        absent = _absent(bench, found)
        refusals(found, absent, "refused, article absent", false_refusals=False)
    if bench.wants("confidence"):
        confidence(found, asked)
    if bench.wants("conflicts"):
        false_conflicts(found, asked)


def _asked(bench: Bench, found: Findings, opened: Opened) -> list[Asked]:
    if not bench.wants("answers", "citations", "refusal", "confidence", "conflicts"):
        return []
    return ask(bench, opened, bench.draw(found.set.questions, model=True), f"{found.set.name}: answers")


def _absent(bench: Bench, found: Findings) -> list[Asked]:
    """Ask answerable questions of a library that lacks their article."""
    drawn = {q.id: q for q in bench.draw(found.set.questions, model=True) if q.answerable}
    asked = list[Asked]()
    for number, (kept, questions) in enumerate(folds(found.set, bench.seed), 1):
        ours = [unanswerable(question) for question in questions if question.id in drawn]
        if ours and kept:
            with bench.build(kept) as opened:
                asked += ask(bench, opened, ours, f"{found.set.name}: article absent {number}/{FOLDS}")
    return asked


def folds(of: QuestionSet, seed: int) -> Iterator[tuple[list[Source], list[Question]]]:
    """Yield for each of four folds of articles the sources outside, and the answerable questions inside."""
    groups = sorted({source.group for source in of.sources})
    random.Random(seed).shuffle(groups)  # noqa: S311 - no secret
    fold_of = {group: place % FOLDS for place, group in enumerate(groups)}
    group_of = {source.id: source.group for source in of.sources}
    for fold in range(FOLDS):
        kept = [source for source in of.sources if fold_of[source.group] != fold]
        inside = [
            question
            for question in of.questions
            if question.answerable and question.relevant and fold_of[group_of[question.relevant[0]]] == fold
        ]
        yield kept, inside


def unanswerable(question: Question) -> Question:
    """Return the question as one that the library cannot answer."""
    return Question(f"{question.id} absent", question.text, answerable=False)
