"""The spaces in a line of a picture, from the white between its words (pure).

RapidOCR's model was made for Chinese, and often leaves out the spaces of small or blurred English.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

WHITE = 0.26
"""Width of the white between two words, in heights of the line.

Of 497 words in two typefaces, 22 to 40 pixels tall and partly blurred, the model alone gives 234 whole, and
with this 495; from 0.24 to 0.28 it is much the same.
"""

_INK = 0.03  # share of a column of pixels that must be dark: less is dust
_MARGIN = 0.3  # heights of the line: the boxes of its ends are cut close
_NO_SPACES = "\u2e80"  # the scripts from here on have none

Box = Sequence[Sequence[float]]
Segment = tuple[int, int]


def spaced(picture: NDArray[Any], characters: Sequence[str], boxes: Sequence[Box]) -> str:
    """Return the characters of a line with a space wherever white parts them.

    Args:
        picture: the page as uint8, shape (height, width, 3).
        characters: as the model read them, its own spaces among them.
        boxes: where each stands: four corners (x, y), the upper left first and then clockwise.
    """
    corners = [corner for box in boxes for corner in box]
    top, foot = (int(pick(y for _, y in corners)) for pick in (min, max))
    margin = int(_MARGIN * (foot - top))
    left = max(int(min(x for x, _ in corners)) - margin, 0)
    right = int(max(x for x, _ in corners)) + margin
    inked = segments(picture[top : foot + 1, left : right + 1, 1])
    line, before, last = "", "", 0
    for character, box in zip(characters, boxes, strict=True):
        at = _nearest(inked, (box[0][0] + box[1][0]) / 2 - left)
        if before.strip() and character.strip() and at != last and max(before, character) < _NO_SPACES:
            line += " "
        line += character
        before, last = character, at
    return line


def segments(strip: NDArray[Any]) -> list[Segment]:
    """Return where the words of a line of grey pixels begin and end, dark on light, in columns."""
    height = strip.shape[0]
    if not strip.size:
        return []
    dark, light = np.percentile(strip, (1, 90))
    inked = np.flatnonzero((strip < (dark + light) / 2).sum(axis=0) >= max(1.0, _INK * height))
    if not len(inked):
        return []
    cuts = np.flatnonzero(np.diff(inked) > WHITE * height)
    firsts, lasts = inked[[0, *(cuts + 1)]], inked[[*cuts, len(inked) - 1]]
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def _nearest(inked: Sequence[Segment], middle: float) -> int:
    """Return the number of the segment that a character with this middle belongs to."""
    away = [max(first - middle, middle - last, 0.0) for first, last in inked]
    return away.index(min(away)) if away else 0
