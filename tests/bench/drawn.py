"""Vectors for libraries that would take days to embed: the first ones real, the others of their distribution.

A drawn vector is half a real one and half a draw from the normal distribution with the mean and the
covariance of the real ones: so it has their directions of much and of little spread, and neighbours as
near as they have. Random directions, which an index can make least of, would tell nothing of real texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ingest.chunk import context
from rag.models import make_embedder
from rag.settings_layers import load_settings
from rag.vectors import Matrix, embedded_text, unit
from tests.bench import prose

CACHE = Path(__file__).parents[2] / ".cache" / "bench"
PER_DOCUMENT = 20
_VERSION = 1
"""Of the texts; counts up when `prose` changes."""


class Vectors:
    """The vectors of documents by number, 20 passages each; the first passages have their real ones."""

    def __init__(self, real: Matrix) -> None:
        self._real = real
        self._mean = real.mean(axis=0)
        centred = real - self._mean
        values, axes = np.linalg.eigh(centred.T @ centred / max(len(real) - 1, 1))
        self._factor = np.asarray((axes * np.sqrt(np.maximum(values, 0))).T, np.float32)

    def of(self, number: int) -> Matrix:
        """Return the vectors of one document, shape (20, dimensions)."""
        at = number * PER_DOCUMENT
        if at + PER_DOCUMENT <= len(self._real):
            return self._real[at : at + PER_DOCUMENT]
        draw = np.random.default_rng(number)
        near = self._real[draw.integers(0, len(self._real), PER_DOCUMENT)] - self._mean
        far = draw.standard_normal((PER_DOCUMENT, len(self._mean)), np.float32) @ self._factor
        return unit(self._mean + np.sqrt(np.float32(0.5)) * (near + far))


def real_vectors(n_passages: int) -> Matrix:
    """Return the vectors of the first passages, embedded for real once and then kept in the cache."""
    file = CACHE / f"prose-{_VERSION}-{n_passages}.npy"
    if not file.exists():
        embedder = make_embedder(load_settings())
        embedder.warm()
        texts = [text for number in range(max(1, n_passages // PER_DOCUMENT)) for text in texts_of(number)]
        made = embedder.embed(texts)
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new.npy")
        np.save(new, made)
        new.rename(file)
    return np.load(file)


def texts_of(number: int) -> Sequence[str]:
    """Return what an embedder reads of a document's passages."""
    line = context(prose.title_of(number), ())
    return [embedded_text(line, text) for text in prose.passages_of(number, PER_DOCUMENT)]
