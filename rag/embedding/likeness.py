"""How near the words of one text come to those of another, as an embedder sees both (pure).

A token's likeness is its highest cosine to a token of the other text (Khattab & Zaharia 2020,
arXiv:2004.12832).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.vectors import Matrix, TokenVectors

QUESTION_WORDS = frozenset("what who whom whose which when where why how many much".split())
LIGHT = QUESTION_WORDS | frozenset(
    """the a an of in on at to for by with from and or is are was were do does did has have had be been that
    this it its as s ? , . ' [CLS] [SEP]""".split()
)
"""Tokens that say little about what a text is about."""


def nearest(asked: TokenVectors, said: Sequence[TokenVectors]) -> Matrix:
    """Return the likeness of each token of `asked` to one or more texts, shape (tokens,)."""
    every = np.concatenate([each.vectors for each in said])
    likeness: Matrix = (asked.vectors @ every.T).max(axis=1)
    return likeness


def words_of(tokens: Sequence[str]) -> list[list[int]]:
    """Return the places of the tokens of each word that carries meaning; of all words when none does."""
    every: list[list[int]] = []
    for place, token in enumerate(tokens):
        if token.startswith("##") and every:
            every[-1].append(place)
        else:
            every.append([place])
    return [each for each in every if tokens[each[0]] not in LIGHT and tokens[each[0]].isalnum()] or every


def least(likeness: Sequence[float], n: int) -> float:
    """Return the mean of the `n` lowest values; 1 when there is none."""
    lowest = sorted(likeness)[:n]
    return sum(lowest) / len(lowest) if lowest else 1.0


def join(tokens: Sequence[str], places: Sequence[int]) -> str:
    """Return the word at these places of the tokens."""
    return "".join(tokens[i].removeprefix("##") for i in places)
