"""Documents to be looked at: their pages, and where words stand on them, in one line behind each other."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from starlette.exceptions import HTTPException

from ingest.answers import Box, Size
from ingest.limits import Limits
from ingest.pages import Original, Pages
from rag.errors import DocumentNotFound
from rag.types import Document
from ui.fetched import Fetched
from ui.originals import Originals, file_name
from ui.reader import PDF

if TYPE_CHECKING:
    from rag.library import Library

WIDTHS = (400, 600, 800, 1000, 1200, 1600, 2000, 2400)
"""Pixels of a page's width; between two of them the larger is drawn, so that few are."""

_WAITING = 100  # requests that wait their turn; more are told to come again
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Marks:
    """The size of a page in points, and the rectangles on it; None where the words are not to be found."""

    size: Size
    boxes: tuple[Box, ...] | None


class Reading:
    """Pages of the documents of a library.

    All of it is done by one thread and one fenced process, so that a file that takes long holds up nothing
    but other pages; `in_line` is how a request waits for it.
    """

    def __init__(self, library: Library, limits: Limits) -> None:
        self.originals = Originals(limits, Fetched(library.catalog))
        self._library = library
        self._pages = Pages(limits)
        self._line = ThreadPoolExecutor(1, thread_name_prefix="pages")
        self._waiting = 0

    async def in_line(self, work: Callable[[], _T]) -> _T:
        """Return what `work` returns, once those before it are done.

        Raises:
            HTTPException: too many wait already.
        """
        if self._waiting >= _WAITING:
            raise HTTPException(
                503, "many pages are being drawn: try again in a moment", {"Retry-After": "2"}
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._line, work)
        finally:
            self._waiting -= 1

    def sizes(self, document: Document) -> tuple[Size, ...]:
        """Return the width and height of every page of a document, in points.

        Raises:
            DocumentNotFound: it is of a kind that has no pages to be drawn.
            OriginalGone: its file is gone or not the same.
            LoadError: its file cannot be read.
        """
        if document.media_type != PDF:
            raise DocumentNotFound(f"'{document.title}' has no pages that can be drawn: read its text")
        self.originals.check(document)
        return self._pages.sizes(self._original(document))

    def image(self, document: Document, page: int, width: int) -> bytes:
        """Return a page, from 1, as a PNG.

        Raises what `sizes` does, and DocumentNotFound where there is no such page.
        """
        self._check(document, page)
        return self._pages.image(self._original(document), page, width)

    def marks(self, document: Document, page: int, start: int, end: int) -> Marks:
        """Return where the part of a span that is on a page stands on it; raises what `image` does."""
        size = self._check(document, page)
        starts = self._library.catalog.pages([document.id]).get(document.id, ())
        if page > len(starts):
            return Marks(size, None)
        text = self._library.text(document.id)
        first, last = starts[page - 1], (*starts, len(text))[page]
        a, b = max(start, first), min(end, last)
        if a >= b:
            return Marks(size, ())
        boxes = self._pages.boxes(self._original(document), page, text[first:last], a - first, b - first)
        return Marks(size, boxes)

    def close(self) -> None:
        """End the fenced process and whoever waits for it."""
        self._line.shutdown(wait=False, cancel_futures=True)
        self._pages.close()

    def _check(self, document: Document, page: int) -> Size:
        sizes = self.sizes(document)
        if not 1 <= page <= len(sizes):
            raise DocumentNotFound(f"'{document.title}' has no page {page}: it has {len(sizes)}")
        return sizes[page - 1]

    def _original(self, document: Document) -> Original:
        return Original(document.sha256, file_name(document), lambda: self.originals.read(document))


def step(width: int) -> int:
    """Return the width that is drawn for one that is asked for."""
    return WIDTHS[min(bisect_left(WIDTHS, width), len(WIDTHS) - 1)]
