from __future__ import annotations

import pytest

from rag.text.phrases import is_refusal, strip_markers


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("It flew [1].", "It flew."),
        ("It flew.[1][2] Then [1, 3] more.", "It flew. Then more."),
        ("According to source [1], it flew.", "It flew."),
        ("Based on the information provided in source [2], it flew.", "It flew."),
        ("In sources [1], [2] and [3], it flew.", "It flew."),
        ("According to the information provided in the sources, it flew.", "It flew."),
        ("Yes, according to sources 1, 2, and 3, it flew.", "Yes, it flew."),
        (
            "Based on the source code, it flew in the source file.",
            "Based on the source code, it flew in the source file.",
        ),
        ("According to sources, it flew.", "According to sources, it flew."),
        ("The sources indicate that it flew.", "It flew."),
        ("No, but the provided sources state that it flew.", "No, but it flew."),
        ("The source says that it flew.", "The source says that it flew."),
        ("Ranges [1-3] and [2–4].", "Ranges and."),
        ("x[0] stays? [a] stays.", "x stays? [a] stays."),
    ],
)
def test_markers_of_models_are_removed(text: str, plain: str) -> None:
    assert strip_markers(text) == plain


@pytest.mark.parametrize(
    "sentence",
    [
        "The sources do not mention a reason.",
        "There is no information about that.",
        "This cannot be determined from the sources.",
        "The price is not specified.",
    ],
)
def test_declining_is_recognised(sentence: str) -> None:
    assert is_refusal(sentence)


@pytest.mark.parametrize(
    "sentence", ["The flights did not stop.", "No planes came.", "He does not eat meat."]
)
def test_a_negative_answer_is_not_declining(sentence: str) -> None:
    assert not is_refusal(sentence)
