import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.vectors import from_bytes, unit


@pytest.mark.parametrize(
    ("vectors", "expected"),
    [
        pytest.param([3, 4], [0.6, 0.8], id="one"),
        pytest.param([[3, 4], [0, -2]], [[0.6, 0.8], [0, -1]], id="several"),
        pytest.param([[0, 0], [1, 0]], [[0, 0], [1, 0]], id="no direction"),
        pytest.param(np.empty((0, 2)), np.empty((0, 2)), id="none"),
    ],
)
def test_vectors_are_scaled_to_unit_length(vectors, expected) -> None:
    found = unit(np.array(vectors, np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.array(expected, np.float32), atol=1e-7)


@given(st.lists(st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3), max_size=5))
def test_bytes_give_the_vectors_back(rows: list[list[float]]) -> None:
    matrix = np.array(rows, np.float32).reshape(-1, 3)
    found = from_bytes([row.tobytes() for row in matrix])
    assert found.dtype == np.float32
    assert found.tolist() == matrix.tolist()
