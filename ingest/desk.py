"""The fenced process's own side of showing a PDF: the files kept open in it, and what is asked of them.

    {"do": "open", "key": …, "drop": […]}, then the file -> {"sizes": [[width, height], …]}
    {"do": "draw", "key": …, "page": n, "width": w}      -> a PNG
    {"do": "find", "key": …, "page": n, "text": …, "span": [a, b]}
                                                         -> {"boxes": [[x, y, w, h], …] or null}

Pages count from 0 here. Anything that fails is answered as an error of `ingest.answers`.
"""

from __future__ import annotations

import io
import json
from typing import Any

from ingest import answers
from ingest.limits import Limits
from ingest.load import border
from ingest.load.pdf_page import open_page, open_pdf
from ingest.load.pdf_places import boxes
from rag.errors import LoadError

MAX_HEIGHT = 8000
"""Pixels; a page that is taller than that at the width asked for is drawn smaller."""

_SMALLEST = 1.0  # point of a side, for pages that have none
_PNG_LEVEL = 1  # of zlib: a page of text takes 24 ms at 800 pixels, and is no larger than at level 6


class Desk:
    """The PDFs that are open in this process, by their keys."""

    def __init__(self) -> None:
        self._open: dict[str, Any] = {}

    def answer(self, request: dict[str, Any], limits: Limits, data: bytes) -> bytes:
        """Return the answer to one request."""
        try:
            with border(request["name"]):
                return self._answer(request, limits, data)
        except LoadError as error:
            return answers.pack(error)

    def _answer(self, request: dict[str, Any], limits: Limits, data: bytes) -> bytes:
        if request["do"] == "open":
            for key in request["drop"]:
                self._open.pop(key).close()
            document = self._open[request["key"]] = open_pdf(data, request["name"], limits)
            return json.dumps({"sizes": [_size(document, i) for i in range(len(document))]}).encode()
        document = self._open[request["key"]]
        if request["do"] == "draw":
            return draw(document, request["page"], request["width"])
        start, end = request["span"]
        return json.dumps({"boxes": boxes(document, request["page"], request["text"], start, end)}).encode()


def draw(document: Any, number: int, width: int) -> bytes:
    """Return a page as a PNG of this width in pixels, smaller only where it would be too tall.

    Args:
        document: the open PDF.
        number: of the page, from 0.
        width: in pixels.
    """
    page = open_page(document, number)
    try:
        across, down = (max(side, _SMALLEST) for side in page.get_size())
        picture = page.render(scale=min(width / across, MAX_HEIGHT / down)).to_pil()
    finally:
        page.close()
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=_PNG_LEVEL)
    return out.getvalue()


def _size(document: Any, number: int) -> tuple[float, float]:
    """Return the width and height of a page in points; those of A4 for one that pdfium cannot read."""
    import pypdfium2

    try:
        width, height = document.get_page_size(number)
    except pypdfium2.PdfiumError:
        width, height = 595.0, 842.0
    return round(max(width, _SMALLEST), 2), round(max(height, _SMALLEST), 2)
