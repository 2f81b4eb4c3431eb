"""Retrieval of documents: nDCG and recall, by the product's own retriever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.evaluation.bench import Bench, Findings, Opened, rank_documents
from rag.evaluation.metrics import ranking_scores
from rag.evaluation.questions import Question
from rag.evaluation.report import Curve

DEPTH = 200
"""Passages asked for: more than 100, since several may be of one document."""
CUTS = (1, 2, 3, 5, 10, 20, 50, 100)


def ranked(bench: Bench, opened: Opened, questions: Sequence[Question], what: str) -> dict[str, list[str]]:
    """Return for each question the sources found, best first."""
    return {
        question.id: rank_documents(opened, question.text, DEPTH) for question in bench.track(questions, what)
    }


def retrieval(
    bench: Bench, found: Findings, opened: Opened, measures: Mapping[str, str], miss: str, within: int
) -> None:
    """Add retrieval figures over the questions that a document answers.

    Args:
        bench: draws the questions.
        found: takes the figures, the recall curve and the cases.
        opened: the library.
        measures: trec_eval's name of each measure, with ours.
        miss: our name of the measure that a case fails when less than every right document is found.
        within: how many documents such a case looks at.
    """
    answered = [q for q in found.set.questions if q.relevant and q.answerable is not False]
    questions = bench.draw(answered, model=False)
    rankings = ranked(bench, opened, questions, f"{found.set.name}: retrieval")
    relevant = {question.id: question.relevant for question in questions}
    scores = ranking_scores(rankings, relevant, [*measures, *(f"recall_{k}" for k in CUTS)])
    for name, ours in measures.items():
        found.mean(ours, scores[name])
    found.curves.append(recall_curve(found.set.name, scores))
    for question in questions:
        best = rankings[question.id][:within]
        if not set(question.relevant) <= set(best):
            found.fail(miss, question, ", ".join(best[:5]), ", ".join(question.relevant))


def recall_curve(name: str, scores: Mapping[str, Mapping[str, float]]) -> Curve:
    """Return recall at each cut."""
    points = []
    for k in CUTS:
        values = scores[f"recall_{k}"].values()
        points.append((float(k), sum(values) / len(values) if values else 0.0, float(len(values))))
    return Curve(name, "recall", tuple(points))
