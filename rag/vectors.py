"""Vectors: how they are typed, kept as bytes and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
"""Vectors of unit length: shape (n, dimensions), or (dimensions,) for one."""


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """A text as an embedder sees it: one vector for the whole, and one for each token in its context.

    `whole` has shape (dimensions,), `vectors` (len(tokens), dimensions); all are of unit length.
    """

    whole: Matrix
    tokens: tuple[str, ...]
    vectors: Matrix


def embedded_text(context: str, text: str) -> str:
    """Return what an embedder sees of a passage: its line of title and headings, and its text."""
    return f"{context}\n{text}"


def unit(vectors: Matrix) -> Matrix:
    """Return the vectors scaled to unit length; shape (n, dimensions) or (dimensions,)."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), np.float32)


def from_bytes(rows: Sequence[bytes]) -> Matrix:
    """Return the float32 vectors in `rows` as one matrix, shape (n, dimensions)."""
    if not rows:
        return np.empty((0, 0), np.float32)
    return np.frombuffer(b"".join(rows), np.float32).reshape(len(rows), -1)
