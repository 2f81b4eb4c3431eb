"""Fits rag/weights/confidence.json: is the answer in the evidence, and is what was written right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from rag.answer.writer import Writer
from rag.answer.writing import stands
from rag.answering import Outcome, answer
from rag.evaluation.metrics import holds
from rag.retrieval.confidence import EVIDENCE, WRITTEN, evidence_signals
from rag.retrieval.followup import FollowUp
from rag.retrieval.search import search
from tests.fit.common import logistic_of, print_cuts, workshop, write
from tests.fit.trials import Trial, trials


@dataclass(frozen=True, slots=True)
class Seen:
    """A question with its signals; `right` is None where nothing was written, or it did not stand."""

    group: str
    kind: str
    domain: str
    evidence: list[float]
    written: list[float] | None
    right: bool


class Quiet(Writer):
    """Finds no conflicts, which are no signal and cost the model some seconds each."""

    def say(self, messages, pieces):
        return ""


def fit(console: Console, folder: Path, limit: int) -> None:
    with workshop(console, model=True) as rooms:
        seen = [_one(trial) for trial in trials(rooms, folder, limit)]
    about, model = {}, {}
    apart = [each for each in seen if each.kind != "beside"]  # beside its paragraph, evidence looks like it
    rows = np.array([each.evidence for each in apart])
    labels = np.array([each.kind == "answerable" for each in apart])
    model["evidence"], about["evidence"], chances = logistic_of(
        console, "evidence", EVIDENCE, rows, labels, [each.group for each in apart], alike(apart, labels)
    )
    print_cuts(console, chances, [f"{each.domain}: {each.kind}" for each in apart])
    stood = [each for each in seen if each.written is not None]
    rows = np.array([each.written for each in stood])
    labels = np.array([each.right for each in stood])
    model["written"], about["written"], chances = logistic_of(
        console, "written", WRITTEN, rows, labels, [each.group for each in stood]
    )
    print_cuts(console, chances, [f"{e.domain}: {'right' if e.right else e.kind}" for e in stood])
    model["written"]["neutral"] = dict(zip(WRITTEN, rows.mean(axis=0).round(4).tolist(), strict=True))
    print_counts(console, seen)
    about["questions"] = dict(sorted(Counter(f"{each.domain}, {each.kind}" for each in seen).items()))
    about["fitted"] = "python -m tests.fit confidence; documents apart in the figures"
    write("confidence", {"about": about, **model})


def alike(seen: Sequence[Seen], labels: np.ndarray) -> np.ndarray:
    """Return weights by which each domain counts alike, and in it the answerable questions and the others."""
    cells = [(each.domain, bool(label)) for each, label in zip(seen, labels, strict=True)]
    sizes = Counter(cells)
    return np.array([len(seen) / (len(sizes) * sizes[cell]) for cell in cells])


def _one(trial: Trial) -> Seen:
    assistant, settings = trial.opened.assistant, trial.opened.assistant.settings
    question = trial.question
    found = search(assistant.library, assistant.embedder, FollowUp(question.text), settings.passages)
    evidence = (
        list(evidence_signals(found.ranked, found.asked).values()) if found.ranked else [0.0] * len(EVIDENCE)
    )
    written, right = None, False
    if found.enough and trial.write:
        events = answer(found, Quiet(assistant.chat_model, settings, None), assistant.embedder, ())
        [outcome] = [each for each in events if isinstance(each, Outcome)]
        if stands(outcome.sentences, found.confidence, found.question):
            written = [outcome.signals[name] for name in WRITTEN]
            told = " ".join(each.text for each in outcome.sentences)
            right = trial.kind == "answerable" and holds(told, question.answers)
    return Seen(trial.group, trial.kind, trial.domain, evidence, written, right)


def print_counts(console: Console, seen: Sequence[Seen]) -> None:
    """Print how often the written answers are right before any is withheld."""
    for domain, kind in sorted({(each.domain, each.kind) for each in seen}):
        asked = [each for each in seen if (each.domain, each.kind) == (domain, kind)]
        stood = [each for each in asked if each.written is not None]
        right = sum(each.right for each in stood)
        console.print(f"{domain}, {kind}: {len(asked)}, stood {len(stood)}, right {right}")
