"""Answers as text with marks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.marks import marked
from rag.types import Answer, Citation, Sentence

ONE = Citation("p1", "d1", "file:///a.txt", "A\nreport", 3, 0, 8, "It\nrained")
TWO = Citation("p2", "d2", "file:///b.txt", "B", None, 0, 5, "It\u200bwas")
BARE = Answer("?", "?", (), "", (), (), False, 1.0, "m")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        pytest.param(
            replace(
                BARE,
                sentences=(
                    Sentence("It rained.", (ONE,), "supported"),
                    Sentence("So it was.", (TWO, ONE), "partly"),
                ),
            ),
            "It rained. [1] So it was. [2][1]\n\n[1] A report, page 3: “It rained”\n[2] B: “It⟦U+200B⟧was”",
            id="marks",
        ),
        pytest.param(
            replace(BARE, sentences=(Sentence("It rained."),)), "It rained. (no source)", id="no source"
        ),
        pytest.param(replace(BARE, quotes=(ONE,)), "[1] A report, page 3: “It rained”", id="quotes only"),
        pytest.param(replace(BARE, refused=True, text="No.", quotes=(ONE,)), "No.", id="refusal"),
    ],
)
def test_sentences_carry_the_numbers_of_their_sources(answer, text) -> None:
    assert marked(answer) == text
