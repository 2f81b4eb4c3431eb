"""How near the words of one text come to those of another."""

from __future__ import annotations

import numpy as np
import pytest

from rag.embedding.likeness import join, least, nearest, words_of
from rag.vectors import TokenVectors


def seen(**vectors: tuple[float, float]) -> TokenVectors:
    rows = np.array(list(vectors.values()), np.float32)
    return TokenVectors(rows[0], tuple(vectors), rows)


def test_each_token_is_held_against_its_nearest() -> None:
    asked = seen(up=(0, 1), right=(1, 0))
    assert nearest(asked, [seen(up=(0, 1)), seen(left=(-1, 0))]).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("tokens", "places"),
    [
        pytest.param(
            ["[CLS]", "when", "did", "planes", "land", "?", "[SEP]"], [[3], [4]], id="light ones left out"
        ),
        pytest.param(["ice", "##berg", "##s"], [[0, 1, 2]], id="pieces of a word together"),
        pytest.param(["what", "?"], [[0], [1]], id="nothing but light ones"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_words_are_groups_of_tokens(tokens: list[str], places: list[list[int]]) -> None:
    assert words_of(tokens) == places


def test_pieces_are_joined() -> None:
    assert join(["the", "ice", "##berg"], [1, 2]) == "iceberg"


@pytest.mark.parametrize(
    ("values", "n", "mean"),
    [([0.9, 0.1, 0.5], 2, 0.3), ([0.9, 0.1], 1, 0.1), ([0.4], 2, 0.4), ([], 2, 1.0)],
)
def test_the_least_count(values: list[float], n: int, mean: float) -> None:
    assert least(values, n) == pytest.approx(mean)
