"""Whole answers: right, cited, refused when they should be, and as sure as they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.evaluation.bench import Bench, Findings, Opened, texts
from rag.evaluation.metrics import holds, reliability, token_f1
from rag.evaluation.questions import Question
from rag.evaluation.report import Curve
from rag.retrieval.followup import exchanges
from rag.types import Answer, Citation

REFUSED = "(refused)"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the answer that it got."""

    question: Question
    answer: Answer

    @property
    def right(self) -> bool:
        """Whether the written answer stands and holds an accepted one."""
        return not self.answer.refused and holds(self.answer.text, self.question.answers)

    @property
    def got(self) -> str:
        """The answer in one line, with the verdict on each sentence."""
        if self.answer.refused:
            return f"{REFUSED} {self.answer.text}"
        return " ".join(f"{' '.join(each.text.split())} [{each.support}]" for each in self.answer.sentences)


def ask(bench: Bench, opened: Opened, questions: Sequence[Question], what: str) -> list[Asked]:
    """Ask each question as a user would; questions with a history are asked with it."""
    return [
        Asked(question, answer_to(opened, question.text, question.history))
        for question in bench.track(questions, what)
    ]


def answer_to(opened: Opened, question: str, history: Sequence[tuple[str, str]] = ()) -> Answer:
    """Return the product's answer to a question after the earlier turns, which are (role, text)."""
    if not history:
        return opened.assistant.ask(question)
    return opened.assistant.ask(question, history=exchanges(history))


def answers(found: Findings, asked: Sequence[Asked]) -> None:
    """Add how often the written answer is right, alone and with the key quotes beside it."""
    known = [each for each in asked if each.question.answerable and each.question.answers]
    name = "written answer holds it"
    found.mean(name, {each.question.id: float(each.right) for each in known})
    found.mean(
        "token F1 of the written answer",
        {
            each.question.id: 0.0
            if each.answer.refused
            else token_f1(each.answer.text, each.question.answers)
            for each in known
        },
    )
    found.mean("answer and quotes hold it", {each.question.id: float(_seen(each)) for each in known})
    for each in known:
        if not each.right:
            found.fail(name, each.question, each.got)


def _seen(asked: Asked) -> bool:
    """Tell whether what the user sees, answer and key quotes together, holds an accepted answer."""
    written = "" if asked.answer.refused else asked.answer.text
    shown = " ".join((written, *(quote.quote for quote in asked.answer.quotes)))
    return holds(shown, asked.question.answers)


def citations(found: Findings, asked: Sequence[Asked], opened: Opened) -> None:
    """Add whether citations are of the right document, exact, and there for each supported sentence."""
    known = [each for each in asked if each.question.answerable]
    places = [each for each in known if each.question.relevant]
    name = "citation precision (right document)"
    found.of_pairs(name, "ratio", {each.question.id: _right_places(each, opened) for each in places})
    found.of_pairs(
        "citation recall (supported sentences with one)",
        "ratio",
        {each.question.id: _cited(each) for each in known},
    )
    found.of_pairs("sentences supported", "ratio", {each.question.id: _supported(each) for each in known})
    found.mean(
        "a cited quote holds it",
        {
            each.question.id: float(holds(" ".join(c.quote for c in cited), each.question.answers))
            for each in known
            if each.question.answers and (cited := _citations(each.answer))
        },
    )
    found.of_pairs("quotes exact", "ratio", {each.question.id: _exact(each.answer, opened) for each in asked})
    for each in places:
        right, total = _right_places(each, opened)
        if right < total:
            quoted = " … ".join(texts(c.quote for c in _citations(each.answer)))
            found.fail(name, each.question, quoted, ", ".join(each.question.relevant))


def _citations(answer: Answer) -> list[Citation]:
    return [citation for sentence in answer.sentences for citation in sentence.citations]


def _right_places(asked: Asked, opened: Opened) -> tuple[float, float]:
    cited = _citations(asked.answer)
    right = sum(from_relevant(citation.uri, asked.question, opened) for citation in cited)
    return float(right), float(len(cited))


def from_relevant(uri: str, question: Question, opened: Opened) -> bool:
    """Tell whether a document is one of those that hold the answer."""
    return opened.ids[uri] in question.relevant


def _cited(asked: Asked) -> tuple[float, float]:
    supported = [each for each in asked.answer.sentences if each.support == "supported"]
    return float(sum(bool(each.citations) for each in supported)), float(len(supported))


def _supported(asked: Asked) -> tuple[float, float]:
    sentences = asked.answer.sentences
    return float(sum(each.support == "supported" for each in sentences)), float(len(sentences))


def _exact(answer: Answer, opened: Opened) -> tuple[float, float]:
    """Count the citations whose quote is the document's own text at that place."""
    text = opened.assistant.library.text
    exact = sum(text(each.document_id)[each.start : each.end] == each.quote for each in answer.sources)
    return float(exact), float(len(answer.sources))


def refusals(
    found: Findings, asked: Sequence[Asked], name: str, *, false_refusals: bool = True, curve: bool = False
) -> None:
    """Add how many unanswerable questions were refused, and how many answerable ones."""
    baseline = ("always refuse", 1.0)
    unknown = [each for each in asked if each.question.answerable is False]
    known = [each for each in asked if each.question.answerable]
    found.mean(name, {each.question.id: float(each.answer.refused) for each in unknown}, baseline=baseline)
    for each in unknown:
        if not each.answer.refused:
            found.fail(name, each.question, each.got, REFUSED)
    if false_refusals:
        scores = {each.question.id: float(each.answer.refused) for each in known}
        found.mean("false refusals", scores, baseline=baseline, lower_is_better=True)
        for each in known:
            if each.answer.refused:
                found.fail("false refusals", each.question, each.got)
    if curve and unknown and known:
        found.curves.append(
            refusal_curve(
                found.set.name,
                [each.answer.confidence for each in known],
                [each.answer.confidence for each in unknown],
            )
        )


def refusal_curve(name: str, known: Sequence[float], unknown: Sequence[float]) -> Curve:
    """Return what share of answerable and unanswerable questions each threshold on confidence refuses."""
    thresholds = sorted({0.0, *known, *unknown, 1.000001})
    answerable, rest = np.sort(known), np.sort(unknown)
    points = tuple(
        (
            float(np.searchsorted(answerable, threshold) / len(answerable)),
            float(np.searchsorted(rest, threshold) / len(rest)),
            float(threshold),
        )
        for threshold in thresholds
    )
    return Curve(name, "refusal", points)


def false_conflicts(found: Findings, asked: Sequence[Asked]) -> None:
    """Add how often an answer tells of a conflict where the documents do not disagree."""
    name = "conflicts told, documents agree"
    answered = [each for each in asked if not each.answer.refused]
    scores = {each.question.id: float(bool(each.answer.conflicts)) for each in answered}
    found.mean(name, scores, baseline=("never tell one", 0.0), lower_is_better=True)
    for each in answered:
        if each.answer.conflicts:
            found.fail(name, each.question, each.got, "no conflict")


def confidence(found: Findings, asked: Sequence[Asked]) -> None:
    """Add how well the confidence tells, and how well it separates, what is right."""
    pairs = {
        each.question.id: (each.answer.confidence, float(_worth(each)))
        for each in asked
        if each.question.answerable is False or (each.question.answerable and each.question.answers)
    }
    if not pairs:
        return
    share = sum(right for _, right in pairs.values()) / len(pairs)
    always = ("always the mean", share * (1 - share))
    name = "confidence: expected calibration error"
    found.of_pairs(name, "calibration error", pairs, lower_is_better=True)
    found.of_pairs("confidence: Brier score", "brier", pairs, baseline=always, lower_is_better=True)
    found.of_pairs("confidence: AUC", "auc", pairs, baseline=("chance", 0.5))
    table = np.array(list(pairs.values()), np.float64)
    found.curves.append(Curve(found.set.name, "reliability", tuple(reliability(table))))


def _worth(asked: Asked) -> bool:
    """Tell whether confidence was due: the answer is right and carried, or wrongly refused."""
    if asked.answer.refused:
        return bool(asked.question.answerable)
    carried = " ".join(each.text for each in asked.answer.sentences if each.support != "unsupported")
    return holds(carried, asked.question.answers)
