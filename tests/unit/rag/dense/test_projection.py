from __future__ import annotations

import numpy as np
import pytest

from rag.dense.projection import clustered, flat


def groups(n: int, each: int, dimensions: int = 16) -> np.ndarray:
    """Return `n` groups of vectors, those of one group near each other and far from the others."""
    random = np.random.default_rng(3)
    centres = np.eye(n, dimensions, dtype=np.float32)
    return (np.repeat(centres, each, axis=0) + random.normal(0, 0.02, (n * each, dimensions))).astype("f4")


@pytest.mark.parametrize("layout", [flat, clustered])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 7])
def test_any_number_of_vectors_has_a_place(layout, n):
    found = layout(np.random.default_rng(1).normal(size=(n, 8)).astype("f4"))
    assert found.shape == (n, 2)
    assert np.isfinite(found).all()
    assert (np.abs(found) <= 1.000001).all()


@pytest.mark.parametrize("layout", [flat, clustered])
def test_vectors_that_are_all_the_same_have_a_place(layout):
    assert np.isfinite(layout(np.ones((9, 8), np.float32))).all()


def test_what_is_alike_lies_together():
    points = clustered(groups(4, 25)).reshape(4, 25, 2)
    within = max(np.linalg.norm(group - group.mean(axis=0), axis=1).mean() for group in points)
    centres = points.mean(axis=1)
    between = min(np.linalg.norm(a - b) for i, a in enumerate(centres) for b in centres[:i])
    assert between > 3 * within


@pytest.mark.parametrize("layout", [flat, clustered])
def test_the_same_vectors_lie_the_same_way_each_time(layout):
    vectors = groups(3, 10)
    assert np.array_equal(layout(vectors), layout(vectors.copy()))


def test_the_first_picture_shows_the_directions_of_most_variance():
    line = np.outer(np.linspace(-1, 1, 20), np.array([3, 4, 0, 0])).astype("f4")
    found = flat(line)
    assert np.ptp(found[:, 0]) == pytest.approx(2)
    assert np.ptp(found[:, 1]) == pytest.approx(0, abs=1e-5)
