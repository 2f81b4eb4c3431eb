"""Figures against numbers computed by hand."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import MissingExtra
from rag.evaluation import metrics


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("The U.S. Army!", "u s army", id="punctuation and article"),
        pytest.param("the 10th–11th centuries", "10th 11th centuries", id="a dash parts words"),
        pytest.param("a", "a", id="nothing but an article"),
        pytest.param("  An\tapple ", "apple", id="white space"),
    ],
)
def test_normal(text, plain) -> None:
    assert metrics.normal(text) == plain


@pytest.mark.parametrize(
    ("text", "answers", "held"),
    [
        pytest.param("It was in March 2025.", ["March 2025"], True, id="contained"),
        pytest.param("It cost 100 euros.", ["10"], False, id="no part of a number"),
        pytest.param("The findings are inconsistent.", ["consistent"], False, id="no part of a word"),
        pytest.param("Paris", ["Rome", "the Paris"], True, id="any of them"),
        pytest.param("Paris", [], False, id="none known"),
    ],
)
def test_holds(text, answers, held) -> None:
    assert metrics.holds(text, answers) is held


def test_token_f1() -> None:
    # "king of france" against "king henry": precision 1/3, recall 1/2
    assert metrics.token_f1("the King of France", ["King Henry"]) == pytest.approx(0.4)
    assert metrics.token_f1("the King of France", ["x", "King of France"]) == 1.0
    assert metrics.token_f1("nothing", ["else"]) == 0.0
    assert metrics.token_f1("nothing", []) == 0.0


def test_ranking_scores() -> None:
    found = metrics.ranking_scores(
        {"a": ["x", "r1", "y", "r2"], "b": ["x"], "c": ["r"]},
        {"a": ["r1", "r2", "r3"], "b": ["r"]},
        ["ndcg_cut_10", "recall_1", "recall_5", "success_5"],
    )
    gained = 1 / math.log2(3) + 1 / math.log2(5)
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["ndcg_cut_10"]["a"] == pytest.approx(gained / ideal, abs=1e-4)
    assert found["recall_1"] == {"a": 0.0, "b": 0.0}
    assert found["recall_5"]["a"] == pytest.approx(2 / 3)
    assert found["success_5"] == {"a": 1.0, "b": 0.0}


def test_a_question_that_found_nothing_scores_zero() -> None:
    assert metrics.ranking_scores({"a": []}, {"a": ["r"]}, ["recall_5"]) == {"recall_5": {"a": 0.0}}


def table(*rows):
    return np.array(rows, np.float64)


def test_ratio_auc_and_brier() -> None:
    assert metrics.ratio(table((1, 2), (3, 3))) == pytest.approx(0.8)
    assert math.isnan(metrics.ratio(table((0, 0))))
    # of the four pairs of a right and a wrong one, three are in order
    mixed = table((0.9, 1), (0.4, 1), (0.6, 0), (0.1, 0))
    assert metrics.auc(mixed) == pytest.approx(0.75)
    assert math.isnan(metrics.auc(table((0.9, 1), (0.4, 1))))
    assert metrics.brier(mixed) == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)


def test_calibration_error() -> None:
    # two questions a bin: (.1, 0), (.9, .5) and eight bins that are right
    rows = [(0.1, 0), (0.1, 0), (0.9, 1), (0.9, 0)] + [(1.0, 1)] * 16
    assert metrics.calibration_error(table(*rows)) == pytest.approx((2 * 0.1 + 2 * 0.4) / 20)
    bins = metrics.reliability(table(*rows))
    assert len(bins) == 10
    assert bins[0] == pytest.approx((0.1, 0.0, 2.0))
    assert bins[1] == pytest.approx((0.9, 0.5, 2.0))


def test_fewer_questions_than_bins() -> None:
    assert metrics.calibration_error(table((0.5, 1))) == pytest.approx(0.5)


def test_an_interval_holds_the_mean_and_narrows_with_the_sample() -> None:
    few, many = (table(*[(n % 2, 1) for n in range(size)]) for size in (20, 2000))
    low, high = metrics.interval(few, "mean", 0)
    assert low < 0.5 < high
    # the normal approximation: 1.96 * sqrt(.25 / n)
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(0.25 / 20), rel=0.25)
    narrow = metrics.interval(many, "mean", 0)
    assert narrow[1] - narrow[0] == pytest.approx(2 * 1.96 * math.sqrt(0.25 / 2000), rel=0.15)
    assert metrics.interval(few, "mean", 0) == (low, high)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_an_interval_lies_within_the_scores(scores) -> None:
    low, high = metrics.interval(table(*[(score, 1) for score in scores]), "mean", 0)
    assert min(scores) - 1e-9 <= low <= high <= max(scores) + 1e-9


def test_a_missing_package_is_named_with_the_command(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pytrec_eval", None)
    with pytest.raises(MissingExtra, match=r"pytrec_eval: pip install 'footnote\[eval\]'"):
        metrics.ranking_scores({}, {}, ["recall_5"])
