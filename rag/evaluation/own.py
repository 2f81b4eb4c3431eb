"""Questions of the user's own, asked of their own library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.errors import EvaluationError
from rag.evaluation.answering import answers, ask, citations, confidence, refusals
from rag.evaluation.bench import Bench, Findings, Opened
from rag.evaluation.metrics import ranking_scores
from rag.evaluation.questions import Question
from rag.evaluation.quotes import quotes
from rag.evaluation.retrieval import ranked

MEASURES = frozenset({"retrieval", "quotes", "answers", "citations", "refusal", "confidence"})
_CUTS = (1, 5)


def measure(bench: Bench, found: Findings) -> None:
    """Add the figures of the user's own questions."""
    with bench.own() as opened:
        questions = [located(question, opened.ids) for question in found.set.questions]
        if bench.wants("retrieval"):
            _retrieval(bench, found, opened, questions)
        if bench.wants("quotes"):
            quotes(bench, found, opened, questions)
        if not bench.wants("answers", "citations", "refusal", "confidence"):
            return
        asked = ask(bench, opened, bench.draw(questions, model=True), f"{found.set.name}: answers")
        if bench.wants("answers"):
            answers(found, asked)
        if bench.wants("citations"):
            citations(found, asked, opened)
    if bench.wants("refusal"):
        refusals(found, asked, "refused, unanswerable", curve=True)
    if bench.wants("confidence"):
        confidence(found, asked)


def _retrieval(bench: Bench, found: Findings, opened: Opened, questions: Sequence[Question]) -> None:
    """Add how often one of the documents that hold the answer is found."""
    asked = bench.draw([question for question in questions if question.relevant], model=False)
    rankings = ranked(bench, opened, asked, f"{found.set.name}: retrieval")
    scores = ranking_scores(
        rankings, {question.id: question.relevant for question in asked}, [f"success_{k}" for k in _CUTS]
    )
    for k in _CUTS:
        found.mean(f"right document in the best {k}", scores[f"success_{k}"])
    for question in asked:
        if not scores["success_5"][question.id]:
            best = ", ".join(rankings[question.id][:5])
            found.fail("right document in the best 5", question, best, " | ".join(question.relevant))


def located(question: Question, ids: Mapping[str, str]) -> Question:
    """Return the question with its documents' full paths in place of the ends that the file gives.

    Raises:
        EvaluationError: the library has no such document.
    """
    paths = list(ids.values())
    found: dict[str, None] = {}
    for end in question.relevant:
        fits = [path for path in paths if path == end or path.endswith(f"/{end}")]
        if not fits:
            raise EvaluationError(
                f"question {question.id}: no document '{end}' in the library; add it, or correct the question"
            )
        found |= dict.fromkeys(fits)
    return replace(question, relevant=tuple(found))
