"""The network computes what its formula says, from weights that fit their features."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rag.retrieval.network import Network, load
from rag.retrieval.ranking import FEATURES

SMALL = {
    "features": ["a", "b"],
    "hidden": [[1.0, 0.5], [0.0, -2.0]],
    "hidden_bias": [0.0, 1.0],
    "out": [3.0, -1.0],
    "bias": 0.25,
}


@pytest.mark.parametrize(
    ("row", "score"),
    [
        pytest.param([0, 0], 3 * math.tanh(0) - math.tanh(1) + 0.25, id="zeros"),
        pytest.param([1, 0], 3 * math.tanh(1) - math.tanh(1.5) + 0.25, id="first"),
        pytest.param([0, 1], 3 * math.tanh(0) - math.tanh(-1) + 0.25, id="second"),
        pytest.param([2, 0.5], 3 * math.tanh(2) - math.tanh(1) + 0.25, id="both"),
    ],
)
def test_scores_are_those_of_the_formula(row: list[float], score: float) -> None:
    assert Network.from_dict(SMALL)(np.array([row], np.float32)) == pytest.approx([score], abs=1e-6)


def test_each_row_has_its_own_score() -> None:
    network = Network.from_dict(SMALL)
    rows = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    scores = network(rows)
    assert (scores.shape, scores.dtype) == ((3,), np.float32)
    np.testing.assert_allclose(scores, [network(row[None])[0] for row in rows], atol=1e-6)
    assert network(rows[:0]).shape == (0,)


@pytest.mark.parametrize("count", [2, 3, 7, 100])
def test_equal_rows_have_equal_scores_wherever_they_stand(count: int) -> None:
    row = np.linspace(0, 1, len(FEATURES), dtype=np.float32)
    scores = load("ranking", FEATURES)(np.tile(row, (count, 1)))
    assert set(scores.tolist()) == {scores[0]}


def test_the_weights_beside_the_code_fit_their_features() -> None:
    network = load("ranking", FEATURES)
    units = len(network.out)
    assert network.features == FEATURES
    assert (network.hidden.shape, network.hidden_bias.shape) == ((len(FEATURES), units), (units,))
    assert all(np.isfinite(each).all() for each in (network.hidden, network.hidden_bias, network.out))


@pytest.mark.parametrize(
    "features",
    [
        pytest.param(FEATURES[:-1], id="one missing"),
        pytest.param((*FEATURES, "another"), id="one more"),
        pytest.param(FEATURES[::-1], id="another order"),
    ],
)
def test_other_features_are_refused(features: tuple[str, ...]) -> None:
    with pytest.raises(AssertionError, match=r"rag/weights/ranking\.json is of other features"):
        load("ranking", features)
