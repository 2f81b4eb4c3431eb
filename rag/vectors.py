"""Vectors: how they are typed, kept as bytes and compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
"""Vectors of unit length: shape (n, dimensions), or (dimensions,) for one."""


def from_bytes(rows: Sequence[bytes]) -> Matrix:
    """Return the float32 vectors in `rows` as one matrix, shape (n, dimensions)."""
    if not rows:
        return np.empty((0, 0), np.float32)
    return np.frombuffer(b"".join(rows), np.float32).reshape(len(rows), -1)
