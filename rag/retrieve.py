"""A question to ranked passages: dense and lexical candidates, fused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.library import Library
from rag.types import FoundPassage
from rag.vectors import Matrix
from rag.words import numbers, stem_set, terms

CANDIDATES = 100
"""Candidates taken from each side before fusion."""

DUPLICATE = 0.9
"""Share of common words above which two passages count as one voice."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for: its words, its embedding of shape (dimensions,), and its weight beside others."""

    text: str
    vector: Matrix
    weight: float = 1.0


def retrieve(library: Library, queries: Sequence[Query], k: int) -> list[FoundPassage]:
    """Return the `k` best passages for the queries together, best first, near-duplicates folded."""
    return [each for each in candidates(library, queries, 3 * k) if not each.repeats][:k]


def candidates(library: Library, queries: Sequence[Query], n: int) -> list[FoundPassage]:
    """Return the `n` best passages for the queries together, best first, near-duplicates marked.

    Scores are 0..1; a passage's cosine and BM25 are those to the first query.
    """
    scores: dict[str, float] = {}
    dense: dict[str, float] = {}
    lexical: dict[str, float] = {}
    for query in reversed(queries):  # the first query's cosines and BM25 stay
        dense = dict(library.search_dense(query.vector, CANDIDATES))
        lexical = dict(library.catalog.search(terms(query.text), CANDIDATES))
        share = query.weight / sum(each.weight for each in queries)
        for key, value in fuse(dense, lexical).items():
            scores[key] = scores.get(key, 0.0) + share * value
    best = sorted(scores, key=lambda i: (-scores[i], i))[:n]
    cosines = _cosines(library, queries[0].vector, best, dense)
    passages = library.catalog.passages(best)
    return mark_repeats(
        replace(passages[i], score=scores[i], cosine=cosines.get(i, 0.0), lexical=lexical.get(i))
        for i in best
        if i in passages
    )


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
    return [passage for passage in mark_repeats(passages) if not passage.repeats]


def mark_repeats(passages: Iterable[FoundPassage]) -> list[FoundPassage]:
    """Return the passages, each that says what a better one says with the id of that one in `repeats`."""
    marked: list[FoundPassage] = []
    kept: list[tuple[str, frozenset[str], set[str]]] = []
    for passage in passages:
        these, values = stem_set(passage.text), numbers(passage.text)
        same = (i for i, those, others in kept if values == others and _overlap(these, those) > DUPLICATE)
        repeated = next(same, "")
        if not repeated:
            kept.append((passage.id, these, values))
        marked.append(replace(passage, repeats=repeated))
    return marked


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0


def _cosines(
    library: Library, vector: Matrix, ids: list[str], known: Mapping[str, float]
) -> dict[str, float]:
    missing = [i for i in ids if i not in known]
    if not missing:
        return dict(known)
    found, matrix = library.catalog.vectors(missing)
    return dict(known) | dict(zip(found, (matrix @ vector).tolist(), strict=True))
