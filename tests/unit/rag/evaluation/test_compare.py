"""A fall beyond noise is found; noise is not."""

from __future__ import annotations

import json

import pytest

from rag.errors import EvaluationError
from rag.evaluation.compare import compare, missing
from rag.evaluation.report import Case, Curve, Figure, Report


def figure(scores, measure="accuracy", **facts) -> Figure:
    return Figure("set", measure, 0.0, 0.0, 0.0, len(scores), scores=scores, **facts)


def report(*figures) -> Report:
    return Report(tuple(figures), (), (), {})


def shares(right, of=100):
    return {str(n): float(n < right) for n in range(of)}


@pytest.mark.parametrize(
    ("before", "after", "lower", "worse", "better"),
    [
        pytest.param(80, 60, False, True, False, id="a fall"),
        pytest.param(60, 80, False, False, True, id="a rise"),
        pytest.param(80, 79, False, False, False, id="noise"),
        pytest.param(80, 80, False, False, False, id="the same"),
        pytest.param(60, 80, True, True, False, id="a rise where lower is better"),
        pytest.param(80, 60, True, False, True, id="a fall where lower is better"),
    ],
)
def test_changes(before, after, lower, worse, better) -> None:
    old, new = (report(figure(shares(n), lower_is_better=lower)) for n in (before, after))
    [change] = compare(old, new, 0)
    assert (change.is_worse, change.is_better) == (worse, better)
    assert (change.before, change.after, change.n) == (before / 100, after / 100, 100)
    assert change.low <= change.after - change.before <= change.high


def test_pairs_are_compared_question_by_question() -> None:
    """Each question falls a little, far less than questions differ: only a paired test sees it."""
    before = {str(n): n / 50 for n in range(50)}
    after = {key: value - 0.02 for key, value in before.items()}
    [change] = compare(report(figure(before)), report(figure(after)), 0)
    assert change.is_worse


def test_only_common_questions_count() -> None:
    [change] = compare(
        report(figure({"a": 1.0, "b": 0.0, "c": 0.0})), report(figure({"b": 0.0, "a": 1.0, "d": 0.0})), 0
    )
    assert (change.before, change.after, change.n) == (0.5, 0.5, 2)


def test_what_is_no_mean_is_computed_anew() -> None:
    good = {str(n): (float(n % 2), float(n % 2)) for n in range(100)}
    bad = {key: (1 - sure, right) for key, (sure, right) in good.items()}
    facts = {"scores": {}, "measure": "error", "statistic": "calibration error", "lower_is_better": True}
    [change] = compare(report(figure(pairs=good, **facts)), report(figure(pairs=bad, **facts)), 0)
    assert (change.before, change.after) == (0.0, 1.0)
    assert change.is_worse


def test_missing_measures_and_nothing_in_common() -> None:
    old, new = report(figure(shares(5)), figure(shares(5), "gone")), report(figure(shares(5)))
    assert missing(old, new) == ["set: gone"]
    with pytest.raises(EvaluationError, match="no question of this run"):
        compare(old, report(figure({"x": 1.0})), 0)


def test_a_report_comes_back_from_json() -> None:
    whole = Report(
        (figure(shares(2)), figure({}, "ratio", statistic="ratio", pairs={"a": (1.0, 2.0)})),
        (Curve("set", "recall", ((1.0, 0.5, 2.0),)),),
        (Case("set", "accuracy", "1", "q", "x", "y"),),
        {"seed": 0},
    )
    assert Report.from_dict(json.loads(json.dumps(whole.to_dict())), "x.json") == whole


@pytest.mark.parametrize("values", [[], {}, {"figures": [{"set": 1}]}, "text", None])
def test_what_is_no_report_is_said(values) -> None:
    with pytest.raises(EvaluationError, match=r"x\.json: this is no report"):
        Report.from_dict(values, "x.json")
