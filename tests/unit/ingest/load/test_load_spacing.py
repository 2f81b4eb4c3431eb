"""The white between the words of a line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.load.spacing import segments, spaced

HEIGHT = 40
WIDE, NARROW = 14, 4  # white between words, and between letters; a letter takes 16


def drawn(words: list[str]) -> tuple[np.ndarray, list[str], list[list[list[float]]]]:
    """Return a picture of words with a dark box for each letter, the letters, and where each stands."""
    picture = np.full((3 * HEIGHT, 1200, 3), 255, np.uint8)
    letters, boxes, x = [], [], 60
    for word in words:
        for letter in word:
            picture[HEIGHT + 5 : 2 * HEIGHT - 5, x : x + 16] = 20
            letters.append(letter)
            boxes.append([[x, HEIGHT], [x + 16, HEIGHT], [x + 16, 2 * HEIGHT], [x, 2 * HEIGHT]])
            x += 16 + NARROW
        x += WIDE - NARROW
    return picture, letters, boxes


@settings(deadline=None)
@given(st.lists(st.text("abcXYZ019", min_size=1, max_size=6), min_size=1, max_size=6))
def test_words_are_parted_where_white_parts_them(words: list[str]) -> None:
    assert spaced(*drawn(words)) == " ".join(words)


def test_boxes_that_are_a_little_off_part_the_same_words() -> None:
    picture, letters, boxes = drawn(["The", "harbour", "of", "Arden"])
    moved = [[[x + 5, y] for x, y in box] for box in boxes]
    assert spaced(picture, letters, moved) == "The harbour of Arden"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        pytest.param(["The ", "harbour"], "The harbour", id="a space that was read stays one"),
        pytest.param(["港", "口"], "港口", id="scripts without spaces"),
        pytest.param(["Pier", "港"], "Pier港", id="beside such a script"),
    ],
)
def test_spaces_that_are_not_added(words: list[str], line: str) -> None:
    assert spaced(*drawn(words)) == line


def test_dust_is_no_letter() -> None:
    picture, letters, boxes = drawn(["to", "be"])
    picture[HEIGHT + 10, 60 + 36 : 60 + 36 + WIDE] = 0
    assert spaced(picture, letters, boxes) == "to be"


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (4, 7)])
def test_nothing_drawn_has_no_words(shape: tuple[int, int]) -> None:
    assert segments(np.full(shape, 255, np.uint8)) == []
