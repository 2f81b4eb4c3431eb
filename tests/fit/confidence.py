"""Fits rag/weights/confidence.json: is the answer in the evidence, and is what was written right."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from rag.answering import Outcome, answer
from rag.confidence import EVIDENCE, WRITTEN, evidence_signals
from rag.evaluation.metrics import holds
from rag.evaluation.questions import Question, QuestionSet
from rag.evaluation.readers import read
from rag.followup import FollowUp
from rag.search import search
from rag.writer import Writer
from rag.writing import stands
from tests.fit.common import group_of, library_of, logistic_of, write
from ui.workshop import Opened

FOLDS = 4
MORE = 60
"""Further questions of each kind for the evidence alone, which asks no model."""
SIZES = (150, 120, 240)
"""Questions drawn: answerable, unanswerable beside their paragraph, answerable with their article absent."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A question with its signals; `right` is None where nothing was written, or it did not stand."""

    group: str
    kind: str
    evidence: list[float]
    written: list[float] | None
    right: bool
    held: bool


class Quiet(Writer):
    """Finds no conflicts, which are no signal and cost the model some seconds each."""

    def say(self, messages, pieces):
        return ""


def fit(console: Console, folder: Path, limit: int) -> None:
    [asked] = [each for each in read([folder]) if each.kind == "factoid"]
    seen = list(_seen(console, asked, limit))
    about, model = {}, {}
    apart = [each for each in seen if each.kind != "beside"]  # beside its paragraph, evidence looks like it
    rows = np.array([each.evidence for each in apart])
    labels = np.array([each.held for each in apart])
    groups = [each.group for each in apart]
    model["evidence"], about["evidence"] = logistic_of(console, "evidence", EVIDENCE, rows, labels, groups)
    stood = [each for each in seen if each.written is not None]
    rows = np.array([each.written for each in stood])
    labels = np.array([each.right for each in stood])
    model["written"], about["written"] = logistic_of(
        console, "written", WRITTEN, rows, labels, [each.group for each in stood]
    )
    model["written"]["neutral"] = dict(zip(WRITTEN, rows.mean(axis=0).round(4).tolist(), strict=True))
    kinds = sorted({each.kind for each in seen})
    print_counts(console, seen)
    about["questions"] = {kind: sum(each.kind == kind for each in seen) for kind in kinds}
    about["fitted"] = "python -m tests.fit confidence, on SQuAD 2.0; articles apart in the figures"
    write("confidence", {"about": about, **model})


def _seen(console: Console, asked: QuestionSet, limit: int) -> Iterator[Seen]:
    """Yield answerable questions, unanswerable ones beside their paragraph, and answerable without it."""
    draw = random.Random(7)  # noqa: S311 - no secret
    known = [q for q in asked.questions if q.answerable]
    unknown = [q for q in asked.questions if not q.answerable]
    sampled = [draw.sample(of, n) for of, n in zip((known, unknown, known), SIZES, strict=True)]
    sampled = [each[: limit * len(each) // SIZES[0]] for each in sampled]
    more = draw.sample(known, 2 * MORE)
    article = group_of(asked)
    with library_of(console, asked.sources, model=True) as opened:
        for kind, questions in (("answerable", sampled[0]), ("beside", sampled[1])):
            for question in questions:
                yield _one(opened, question, kind, article[question.relevant[0]])
        for question in more[:MORE]:
            yield _one(opened, question, "answerable", article[question.relevant[0]], write=False)
    groups = sorted(set(article.values()))
    for fold in range(FOLDS):
        absent = set(groups[fold::FOLDS])
        rest = [source for source in asked.sources if article[source.id] not in absent]
        with library_of(console, rest, model=True) as opened:
            for question in sampled[2]:
                if article[question.relevant[0]] in absent:
                    yield _one(opened, question, "absent", article[question.relevant[0]])
            for question in more[MORE:]:
                if article[question.relevant[0]] in absent:
                    yield _one(opened, question, "absent", article[question.relevant[0]], write=False)


def _one(opened: Opened, question: Question, kind: str, group: str, *, write: bool = True) -> Seen:
    assistant, settings = opened.assistant, opened.assistant.settings
    found = search(assistant.library, assistant.embedder, FollowUp(question.text), settings.passages)
    evidence = list(evidence_signals(found.ranked, found.asked).values())
    written, right = None, False
    if found.enough and write:
        events = answer(found, Quiet(assistant.chat_model, settings, None), assistant.embedder, ())
        [outcome] = [each for each in events if isinstance(each, Outcome)]
        told = outcome.sentences[: len(outcome.sentences) - len(outcome.conflicts)]
        if stands(told, found.confidence, found.question):
            written = [outcome.signals[name] for name in WRITTEN]
            right = kind == "answerable" and holds(" ".join(each.text for each in told), question.answers)
    return Seen(group, kind, evidence, written, right, kind == "answerable")


def print_counts(console: Console, seen: Sequence[Seen]) -> None:
    """Print how often the written answers are right before any is withheld."""
    for kind in ("answerable", "beside", "absent"):
        asked = [each for each in seen if each.kind == kind]
        stood = [each for each in asked if each.written is not None]
        console.print(f"{kind}: {len(asked)}, stood {len(stood)}, right {sum(each.right for each in stood)}")
