"""Optical character recognition: a picture of text to lines with their places, by RapidOCR.

Its models lie in its wheel, so that nothing is fetched. They know English and Chinese; accents of other
languages are often lost.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from statistics import median
from typing import Any, Literal

from ingest.load.paragraphs import Line
from rag import extras

Scans = Literal["refuse", "leave", "read"]
"""What is done with pages that have no text: a file of such is refused, or they stay empty, or are read."""

MAX_SIDE = 2600
"""Pixels of a picture's longer side; a larger one is made smaller. An A4 page has 220 dots an inch then."""

MAX_DPI = 300
_SURE = 0.6  # RapidOCR's own score of a line, 0..1; specks and drawings have less
_ONE_SIZE = 1.4  # heights of lines up to this much from the page's usual one are noise: letters without tails
_THREADS = 4

Box = Sequence[Sequence[float]]


def require() -> None:
    """Make sure that scans can be read.

    Raises:
        MissingExtra: RapidOCR is not installed.
    """
    extras.require("ocr", "reading scans", "rapidocr_onnxruntime")


def read(picture: Any, *, dots: float = 1.0) -> list[Line]:
    """Return the lines of a picture in reading order, top to bottom.

    Args:
        picture: a uint8 array of shape (height, width, 3), blue first.
        dots: pixels a point.
    """
    from ingest.load.spacing import spaced

    found, _ = _engine()(picture, return_word_box=True)
    sure = [
        (box, spaced(picture, characters, boxes))
        for box, text, score, boxes, characters, *_ in found or ()
        if score >= _SURE and text.strip()
    ]
    return to_lines(sure, height=picture.shape[0], dots=dots)


def to_lines(found: Sequence[tuple[Box, str]], *, height: float, dots: float) -> list[Line]:
    """Return lines in points, counted from the foot of the page, of boxes in pixels from its top (pure).

    The boxes of a page's text differ by the tails of its letters; those of about one height are given one.
    """
    tall = [_extent(box, 1) for box, _ in found]
    usual = median(high - low for low, high in tall) if tall else 0.0
    lines = []
    for (box, text), (low, high) in zip(found, tall, strict=True):
        left, right = _extent(box, 0)
        size = high - low
        if usual / _ONE_SIZE <= size <= usual * _ONE_SIZE:
            size = usual
        lines.append(
            Line(" ".join(text.split()), left / dots, right / dots, (height - high) / dots, size / dots)
        )
    return lines


def _extent(box: Box, axis: int) -> tuple[float, float]:
    places = [float(corner[axis]) for corner in box]
    return min(places), max(places)


@lru_cache(1)
def _engine() -> Any:
    from rapidocr_onnxruntime import RapidOCR

    threads = min(_THREADS, os.cpu_count() or 1)
    return RapidOCR(intra_op_num_threads=threads, inter_op_num_threads=1, max_side_len=MAX_SIDE)
