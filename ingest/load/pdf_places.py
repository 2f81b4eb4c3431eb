"""Where the words of a PDF's text stand on its pages, by the loader's own steps.

A page's lines are read, grouped and joined again as when its text was made. Only which hyphens belong to
their words was decided by the whole document, so that is taken from the text. What comes out must be the
text, character by character; else nothing is claimed to be anywhere.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

from ingest.load.paragraphs import Line, grouped, strung, traced
from ingest.load.pdf_page import HYPHEN, characters, line_spans, lines, open_page

Box = tuple[float, float, float, float]
"""Left, top, width and height in shares of the page as it is shown, 0..1."""

_Rect = tuple[float, float, float, float]  # left, bottom, right, top in the page's own units
_GRAIN = 1_000_000  # steps of a page's side in which pdfium tells a place, as whole numbers
_LONGEST_LINE = 5000  # characters of a line of which each is compared with each of the others


def boxes(document: Any, number: int, text: str, start: int, end: int) -> list[Box] | None:
    """Return the rectangles of a stretch of a page's text, one for each line that it stands on.

    Args:
        document: the open PDF.
        number: of the page, from 0.
        text: of the page, as `ingest.load.pdf` has made it.
        start: where the stretch begins in it.
        end: where it ends.

    Returns:
        The rectangles in reading order; more than one for a line only where other words stand between, and
        none for words that the page has but does not show. None where it does not have this text, as one that
        OCR has read.
    """
    page = open_page(document, number)
    try:
        textpage = page.get_textpage()
        try:
            places = character_places(textpage, text.rstrip())
            if places is None:
                return None
            inked = [places[i] for i in range(start, min(end, len(places))) if not text[i].isspace()]
            if not inked:
                return []
            shown = (_shown(page, rect) for rect in _rects(textpage, min(inked), max(inked) + 1))
            return [box for box in shown if box[2] and box[3]]
        finally:
            textpage.close()
    finally:
        page.close()


def character_places(textpage: Any, text: str) -> list[int] | None:
    """Return for each character of a page's text the number of pdfium's; None where they do not agree."""
    found = characters(textpage)
    made: list[str] = []
    places: list[int] = []
    for paragraph in grouped(list(lines(textpage, found))):
        words, at = traced(strung(paragraph, lambda _before, _after: HYPHEN))
        if not words:
            continue
        numbers = [number for line in paragraph for number in _numbers(line, found)]
        if made:
            made.append("\n\n")
            places += [places[-1]] * 2
        made.append(words)
        places += [numbers[place] for place in at]
    return _agreed("".join(made), places, text)


def _numbers(line: Line, found: str) -> Iterator[int]:
    """Yield pdfium's number of each character of a line, and of what follows it in its paragraph."""
    at = line.first or 0
    for character in line.text:
        yield at
        halves = ord(character) > 0xFFFF and ord(found[at]) <= 0xFFFF
        at += 2 if halves else 1
    yield at


def _agreed(made: str, places: Sequence[int], text: str) -> list[int] | None:
    """Return the places of the characters of `text`, which has some of the hyphens in `made`."""
    kept: list[int] = []
    for character, place in zip(made, places, strict=True):
        expected = text[len(kept) : len(kept) + 1]
        if character == HYPHEN:
            if expected == "-":
                kept.append(place)
        elif character == expected:
            kept.append(place)
        else:
            return None
    return kept if len(kept) == len(text) else None


def _rects(textpage: Any, first: int, last: int) -> list[_Rect]:
    """Return the rectangles around the characters `first` to `last`, line by line."""
    text = characters(textpage)
    rects: list[_Rect] = []
    for start, end in line_spans(text):
        if start < last and end > first:
            inked = [i for i in range(start, end) if not text[i].isspace()]
            measured = [(first <= i < last, rect) for i in inked if (rect := _rect(textpage, i))]
            rects += _apart(measured) if len(measured) <= _LONGEST_LINE else _as_one(measured)
    return rects


def _rect(textpage: Any, number: int) -> _Rect | None:
    """Return the room that a character takes on its line; None where it takes none."""
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    if raw.FPDFText_GetLooseCharBox(textpage.raw, number, ctypes.byref(box)):
        left, right = sorted((box.left, box.right))
        bottom, top = sorted((box.bottom, box.top))
        if left < right and bottom < top:
            return left, bottom, right, top
    return None


def _as_one(measured: Sequence[tuple[bool, _Rect]]) -> list[_Rect]:
    chosen = [rect for inside, rect in measured if inside]
    return [_around(chosen)] if chosen else []


def _apart(measured: Sequence[tuple[bool, _Rect]]) -> list[_Rect]:
    """Return the rectangles of the chosen characters of a line, none with the middle of another in it.

    There is one, but where the line has words of both directions: those chosen may then stand apart.
    """
    others = [_middle(rect) for inside, rect in measured if not inside]
    rects: list[_Rect] = []
    for rect in (rect for inside, rect in measured if inside):
        wider = _around((rects[-1], rect)) if rects else rect
        if rects and not any(_holds(wider, middle) for middle in others):
            rects[-1] = wider
        else:
            rects.append(rect)
    return rects


def _around(rects: Sequence[_Rect]) -> _Rect:
    lefts, bottoms, rights, tops = zip(*rects, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _middle(rect: _Rect) -> tuple[float, float]:
    return (rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2


def _holds(rect: _Rect, point: tuple[float, float]) -> bool:
    return rect[0] < point[0] < rect[2] and rect[1] < point[1] < rect[3]


def _shown(page: Any, rect: _Rect) -> Box:
    """Return a rectangle as shares of the page as it is shown: turned and cropped."""
    corners = [_share(page, rect[0], rect[1]), _share(page, rect[2], rect[3])]
    (left, right), (top, foot) = (sorted(axis) for axis in zip(*corners, strict=True))
    return left, top, right - left, foot - top


def _share(page: Any, x: float, y: float) -> tuple[float, float]:
    from pypdfium2 import raw

    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page.raw, 0, 0, _GRAIN, _GRAIN, 0, x, y, ctypes.byref(across), ctypes.byref(down))
    return _clamped(across.value), _clamped(down.value)


def _clamped(steps: int) -> float:
    return min(max(steps / _GRAIN, 0.0), 1.0)
