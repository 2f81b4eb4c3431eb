"""What an evaluation found: figures with their intervals, curves to plot, and the cases to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

from rag.errors import EvaluationError

CurveKind = Literal["recall", "refusal", "reliability"]
Statistic = Literal["mean", "ratio", "auc", "brier", "calibration error"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one question set.

    `value` is the mean of `scores` (question id to its score) unless the measure is no mean, as an
    expected calibration error is not: then `statistic` names what is made of `pairs` (question id to two
    numbers; see `rag.evaluation.metrics`). `low` and `high` bound the 95% bootstrap interval. `baseline`
    names the trivial strategy that `baseline_value` belongs to, such as "always refuse".
    """

    set: str
    measure: str
    value: float
    low: float
    high: float
    n: int
    baseline: str | None = None
    baseline_value: float | None = None
    lower_is_better: bool = False
    scores: Mapping[str, float] = field(default_factory=dict)
    statistic: Statistic = "mean"
    pairs: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Set and measure in one, as ``--compare`` matches them."""
        return f"{self.set}: {self.measure}"


@dataclass(frozen=True, slots=True)
class Curve:
    """Points (x, y, weight) of a plot; what the axes are follows from the kind.

    recall: k, recall at k, questions. refusal: share of answerable questions refused, share of
    unanswerable ones refused, threshold. reliability: mean confidence of a bin, share right in it, its size.
    """

    set: str
    kind: CurveKind
    points: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A question that went wrong: what was expected, what came, and the measure that it failed."""

    set: str
    measure: str
    id: str
    question: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Report:
    """A whole evaluation; `about` says with which model, embedder, settings, seed, version and machine."""

    figures: tuple[Figure, ...]
    curves: tuple[Curve, ...]
    cases: tuple[Case, ...]
    about: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: object, origin: str) -> Report:
        """Return the report that `to_dict` made; `origin` names the file in an error.

        Raises:
            EvaluationError: it is no report.
        """
        try:
            return cls._from(cast(dict[str, Any], values))
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise EvaluationError(
                f"{origin}: this is no report of 'footnote eval'; write one with --json {origin}"
            ) from error

    @classmethod
    def _from(cls, values: dict[str, Any]) -> Report:
        figures = tuple(
            Figure(**each | {"pairs": {i: (float(a), float(b)) for i, (a, b) in each["pairs"].items()}})
            for each in values["figures"]
        )
        curves = tuple(
            Curve(each["set"], each["kind"], tuple((x, y, weight) for x, y, weight in each["points"]))
            for each in values["curves"]
        )
        cases = tuple(Case(**each) for each in values["cases"])
        return cls(figures, curves, cases, dict(values["about"]))
