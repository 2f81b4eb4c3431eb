"""Vectors in two dimensions, so that what is alike lies together (pure)."""

from __future__ import annotations

import numpy as np

from rag.vectors import Matrix

COMPONENTS = 30
"""Dimensions that are left before the layout: the rest of an embedding is mostly noise to it."""

_SEED = 7


def flat(vectors: Matrix) -> Matrix:
    """Return the two directions of most variance, shape (n, 2), within -1..1: a first picture, at once."""
    return _framed(_components(vectors, 2))


def clustered(vectors: Matrix) -> Matrix:
    """Return a layout by t-SNE, shape (n, 2), within -1..1: seconds for some thousand vectors.

    Neighbours stay neighbours; what is far apart says little.
    """
    from sklearn.manifold import TSNE

    few = _components(vectors, COMPONENTS)
    if len(few) < 4 or not few.std():
        return flat(vectors)
    layout = TSNE(
        n_components=2,
        perplexity=min(30.0, (len(few) - 1) / 3),
        init=_spread(few[:, :2]),
        learning_rate="auto",
        max_iter=500,
        random_state=_SEED,
        n_jobs=1,
    )
    return _framed(layout.fit_transform(few))


def _components(vectors: Matrix, n: int) -> Matrix:
    """Return the vectors' `n` principal components, shape (m, n); zeros where there are fewer."""
    found = np.zeros((len(vectors), n), np.float32)
    if len(vectors):
        centred = vectors - vectors.mean(axis=0)
        _, axes = np.linalg.eigh(centred.T @ centred)  # ascending
        strongest = axes[:, ::-1][:, :n]
        signs = np.sign(strongest[np.abs(strongest).argmax(axis=0), range(strongest.shape[1])])
        found[:, : strongest.shape[1]] = centred @ (strongest * signs)  # the same way round each time
    return found


def _spread(points: Matrix) -> Matrix:
    """Return the points at the scale from which t-SNE starts well: a standard deviation of 0.0001."""
    return np.asarray(points / max(float(points[:, 0].std()), 1e-12) * 1e-4, np.float32)


def _framed(points: Matrix) -> Matrix:
    """Return the points around 0, the farthest one 1 away on one of the axes."""
    if not len(points):
        return np.zeros((0, 2), np.float32)
    centred = points - (points.min(axis=0) + points.max(axis=0)) / 2
    return np.asarray(centred / max(float(np.abs(centred).max()), 1e-12), np.float32)
