"""What the measures work with: opened libraries, the questions drawn, and what they found so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from rag.evaluation.metrics import STATISTICS, interval
from rag.evaluation.questions import Question, QuestionSet, Source, sample
from rag.evaluation.report import Case, Curve, Figure, Statistic

if TYPE_CHECKING:
    from rag.assistant import Assistant

T = TypeVar("T")

MEASURES: Mapping[str, str] = {
    "retrieval": "the right documents are found (no model)",
    "quotes": "the key quotes hold the accepted answer (no model)",
    "answers": "the written answer holds it",
    "citations": "citations are from the right document, and exact",
    "refusal": "refused when it should be, and only then",
    "confidence": "the confidence of an answer is how often it is right",
    "conversation": "follow-ups find more with their history than the last turn alone",
    "injection": "instructions planted in documents are not followed",
    "conflicts": "sources that disagree are shown to, and no others",
}
WITHOUT_MODEL = frozenset({"retrieval", "quotes"})
ASKED_AT_MOST = 100
"""Questions of each set that a model is asked when no limit is given."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A library with its assistant; `ids` tells the source that each document's uri came from."""

    assistant: Assistant
    ids: Mapping[str, str]


class Build(Protocol):
    """Makes a library of sources, and removes it when the context ends."""

    def __call__(
        self, sources: Sequence[Source], *, passages: int | None = None
    ) -> AbstractContextManager[Opened]:
        """Return the context; `passages` takes the place of the setting of that name."""


class Track(Protocol):
    """Passes items on and shows how far one is."""

    def __call__(self, items: Sequence[T], what: str) -> Iterable[T]:
        """Yield each item; `what` says what is done with it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What every measure is given.

    `own` opens the user's own library. `limit` is the number of questions drawn from a set, 0 for all, None
    for all where no model is asked and `ASKED_AT_MOST` where one is.
    """

    build: Build
    own: Callable[[], AbstractContextManager[Opened]]
    track: Track
    wanted: frozenset[str]
    limit: int | None
    seed: int

    def draw(self, questions: Sequence[Question], *, model: bool) -> list[Question]:
        """Return the questions to ask."""
        limit = self.limit if self.limit is not None else ASKED_AT_MOST if model else 0
        return sample(questions, limit, self.seed)

    def wants(self, *measures: str) -> bool:
        """Tell whether one of the measures is wanted."""
        return not self.wanted.isdisjoint(measures)


@dataclass(slots=True)
class Findings:
    """Figures, curves and cases of one set, as they are found."""

    set: QuestionSet
    seed: int
    figures: list[Figure] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)

    def mean(
        self,
        measure: str,
        scores: Mapping[str, float],
        *,
        baseline: tuple[str, float] | None = None,
        lower_is_better: bool = False,
    ) -> None:
        """Add the mean of each question's score; without questions there is no figure."""
        pairs = {key: (score, 1.0) for key, score in scores.items()}
        self._add(measure, "mean", pairs, baseline, lower_is_better, scores)

    def of_pairs(
        self,
        measure: str,
        statistic: Statistic,
        pairs: Mapping[str, tuple[float, float]],
        *,
        baseline: tuple[str, float] | None = None,
        lower_is_better: bool = False,
    ) -> None:
        """Add a figure that is no mean; where it cannot be computed there is none."""
        self._add(measure, statistic, pairs, baseline, lower_is_better, {})

    def fail(self, measure: str, question: Question, got: str, expected: str | None = None) -> None:
        """Add a case to read."""
        right = " | ".join(question.answers) if expected is None else expected
        self.cases.append(Case(self.set.name, measure, question.id, question.text, right, got))

    def _add(
        self,
        measure: str,
        statistic: Statistic,
        pairs: Mapping[str, tuple[float, float]],
        baseline: tuple[str, float] | None,
        lower_is_better: bool,
        scores: Mapping[str, float],
    ) -> None:
        table = np.array(list(pairs.values()), np.float64).reshape(-1, 2)
        value = STATISTICS[statistic](table) if len(table) else float("nan")
        if not np.isfinite(value):
            return
        low, high = interval(table, statistic, self.seed)
        named, trivial = baseline or (None, None)
        self.figures.append(
            Figure(
                set=self.set.name,
                measure=measure,
                value=value,
                low=low,
                high=high,
                n=len(table),
                baseline=named,
                baseline_value=trivial,
                lower_is_better=lower_is_better,
                scores=dict(scores),
                statistic=statistic,
                pairs={} if statistic == "mean" else dict(pairs),
            )
        )


def rank_documents(opened: Opened, question: str, k: int) -> list[str]:
    """Return the sources that the product's retriever finds among `k` passages, each at its first place."""
    found = opened.assistant.as_retriever(k).invoke(question)
    return list(dict.fromkeys(opened.ids[document.metadata["uri"]] for document in found))


def texts(pieces: Iterable[str]) -> Iterator[str]:
    """Yield each piece on one line, as a case shows it."""
    return (" ".join(piece.split()) for piece in pieces)
