"""What the fenced process answers for a file: a text, an error, pages and places on them (pure).

Nothing in an answer is trusted: the process may be in the hands of a hostile file. Those on pages are in
`ingest.desk`.

{"text": …, "title": …, "pages": […], "headings": [[start, level, title], …]}
{"error": the class's name, "message": …}
"""

from __future__ import annotations

import json
import math
from typing import Any

from ingest.load import media_type
from rag.errors import (
    BrokenDocument,
    EmptyDocument,
    EncryptedDocument,
    LimitExceeded,
    LoadError,
    UnknownFormat,
)
from rag.types import Heading, Text

_KINDS = (LoadError, UnknownFormat, EmptyDocument, EncryptedDocument, BrokenDocument, LimitExceeded)
_ERRORS = {kind.__name__: kind for kind in _KINDS}
Box = tuple[float, float, float, float]
"""Left, top, width and height in shares of a page as it is shown, 0..1."""

Size = tuple[float, float]
"""Width and height of a page as it is shown, in points."""

NONSENSE = (KeyError, TypeError, ValueError, RecursionError)
"""What looking into an answer raises that does not hold what it should."""

MOST_BOXES = 10_000
"""Rectangles on a page; the rest is left out."""

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_LONGEST_MESSAGE = 1000
_DEEPEST = 100  # levels of headings


def pack(outcome: Text | LoadError) -> bytes:
    """Return the answer that says `outcome`."""
    answer: dict[str, Any]
    if isinstance(outcome, Text):
        headings = [[mark.start, mark.level, mark.title] for mark in outcome.headings]
        answer = {
            "text": outcome.text,
            "title": outcome.title,
            "pages": outcome.pages,
            "headings": headings,
        }
    else:
        answer = {"error": type(outcome).__name__, "message": str(outcome)}
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")


def unpack(reply: bytes, name: str, max_chars: int) -> Text | LoadError:
    """Return what an answer says.

    The process may be in the hands of a hostile file, so nothing in the answer is trusted: one that does not
    hold what it should makes a `BrokenDocument`.
    """
    try:
        answer = json.loads(reply)
        if "error" in answer:
            return _error(answer)
        return _checked(answer, media_type(name), max_chars)
    except NONSENSE:
        return senseless(name)


def unpack_error(reply: bytes, name: str) -> LoadError:
    """Return the error that an answer says."""
    try:
        return _error(json.loads(reply))
    except NONSENSE:
        return senseless(name)


def unpack_picture(reply: bytes, width: int, height: int) -> bytes:
    """Return a PNG that is no larger than it may be: whoever looks at it has to unpack it.

    Raises:
        ValueError: it is something else, as do the next two.
    """
    across, down = int.from_bytes(reply[16:20], "big"), int.from_bytes(reply[20:24], "big")
    if not reply.startswith(_PNG) or not 0 < across <= width + 1 or not 0 < down <= height + 1:
        raise ValueError
    return reply


def unpack_sizes(reply: bytes, most: int) -> tuple[Size, ...]:
    """Return the width and height of every page."""
    sizes = tuple((float(width), float(height)) for width, height in json.loads(reply)["sizes"])
    if len(sizes) > most or not all(0 < side < math.inf for size in sizes for side in size):
        raise ValueError
    return sizes


def unpack_boxes(reply: bytes) -> tuple[Box, ...] | None:
    """Return the rectangles in shares of a page, 0..1; None where the words are not to be found."""
    found = json.loads(reply)["boxes"]
    if found is None:
        return None
    boxes = tuple((float(x), float(y), float(w), float(h)) for x, y, w, h in found[:MOST_BOXES])
    if not all(0 <= share <= 1 for box in boxes for share in box):
        raise ValueError
    return boxes


def senseless(name: str) -> BrokenDocument:
    """Return the error of a file whose reader answers what no reader would."""
    return BrokenDocument(f"{name}: the reader gives no sensible answer; open it, save it again and add that")


def _error(answer: dict[str, Any]) -> LoadError:
    return _ERRORS[answer["error"]](" ".join(str(answer["message"])[:_LONGEST_MESSAGE].split()))


def _checked(answer: dict[str, Any], kind: str, max_chars: int) -> Text:
    text, title = answer["text"], answer["title"]
    pages = tuple(answer["pages"])
    headings = tuple(Heading(start, level, words) for start, level, words in answer["headings"])
    starts = [heading.start for heading in headings]
    numbers = (*pages, *starts, *(heading.level for heading in headings))
    words = (text, *(heading.title for heading in headings), *([] if title is None else [title]))
    if not all(type(number) is int for number in numbers) or not all(isinstance(word, str) for word in words):
        raise TypeError
    for each in words:
        each.encode()  # a lone surrogate makes a UnicodeEncodeError, which is a ValueError
    ordered = list(pages) == sorted(pages) and starts == sorted(starts)
    inside = all(0 <= offset <= len(text) for offset in (*pages, *starts))
    shallow = all(0 < heading.level <= _DEEPEST for heading in headings)
    if not ordered or not inside or not shallow or len(text) > max_chars:
        raise ValueError
    return Text(text, kind, title, pages, headings)
