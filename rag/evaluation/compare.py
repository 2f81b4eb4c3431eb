"""Two reports, question by question: what fell and what rose beyond noise (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.errors import EvaluationError
from rag.evaluation.metrics import STATISTICS, Floats, bounds, resampled
from rag.evaluation.report import Figure, Report


@dataclass(frozen=True, slots=True)
class Change:
    """A measure in both reports, over the `n` questions that both asked.

    `low` and `high` bound the 95% interval of `after - before`, from a bootstrap that draws the same
    questions for both.
    """

    name: str
    before: float
    after: float
    low: float
    high: float
    n: int
    lower_is_better: bool

    @property
    def beyond_noise(self) -> bool:
        """Whether the interval lies beyond zero."""
        return self.low > 0 or self.high < 0

    @property
    def is_worse(self) -> bool:
        """Whether the figure got worse beyond noise."""
        return self.high < 0 if not self.lower_is_better else self.low > 0

    @property
    def is_better(self) -> bool:
        """Whether the figure got better beyond noise."""
        return self.beyond_noise and not self.is_worse


def compare(baseline: Report, report: Report, seed: int) -> list[Change]:
    """Return the change of each measure that both reports have, in the report's order.

    Raises:
        EvaluationError: they have no question in common.
    """
    before = {figure.name: figure for figure in baseline.figures}
    changes = [
        change
        for figure in report.figures
        if figure.name in before and (change := _change(before[figure.name], figure, seed)) is not None
    ]
    if not changes:
        raise EvaluationError(
            "the baseline has no question of this run: compare runs of the same questions, measures and seed"
        )
    return changes


def missing(baseline: Report, report: Report) -> list[str]:
    """Return the measures that only the baseline has."""
    now = {figure.name for figure in report.figures}
    return [figure.name for figure in baseline.figures if figure.name not in now]


def _change(before: Figure, after: Figure, seed: int) -> Change | None:
    old, new = _rows(before), _rows(after)
    common = [key for key in new if key in old]
    if not common or before.statistic != after.statistic:
        return None
    tables = tuple(np.array([rows[key] for key in common], np.float64) for rows in (old, new))
    statistic = STATISTICS[after.statistic]

    def difference(drawn: Sequence[Floats]) -> float:
        return statistic(drawn[1]) - statistic(drawn[0])

    values = statistic(tables[0]), statistic(tables[1])
    if not np.isfinite(values).all():
        return None
    same = np.array_equal(tables[0], tables[1])
    low, high = (0.0, 0.0) if same else bounds(resampled(tables, difference, len(common), seed))
    return Change(after.name, *values, low, high, len(common), after.lower_is_better)


def _rows(figure: Figure) -> Mapping[str, tuple[float, float]]:
    return figure.pairs or {key: (score, 1.0) for key, score in figure.scores.items()}
