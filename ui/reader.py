"""A document to the HTML of the reader's panel, with the cited words marked (pure)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from rag.types import Document
from ui.html import Html, element, join, text
from ui.parts import headings_path

WHOLE = 60_000
"""Characters up to which a document is shown whole."""

AROUND = 15_000
"""Characters shown on either side of the cited words in a longer one."""

PDF = "application/pdf"
"""The kind of documents whose pages can be drawn."""

_MARKDOWN = "text/markdown"
_HEADING = re.compile(r"^(#{1,6} +)(.+)$", re.MULTILINE)

_WRAPPED = {_MARKDOWN, "text/plain", "text/x-rst", PDF, "message/rfc822"}
"""Kinds of documents whose lines are often cut at a width; such line ends are shown as spaces."""

_WRAP = 60
"""Shortest line that may have been cut at a width."""

_SOFT_END = re.compile(r"\n(?=[^\W_]|[\"'(“‘])(?!\d+[.)] |[a-zA-Z][.)] )")
"""A line end before words that begin no item of a list."""

Span = tuple[int, int]


def render_document(
    document: Document,
    content: str,
    pages: Sequence[int],
    quote: Span,
    *,
    passage: Span | None = None,
    headings: Sequence[str] = (),
    window: Span | None = None,
    notice: str | None = None,
) -> Html:
    """Return a document's text around a quote.

    Args:
        document: what is shown.
        content: its extracted text, which all offsets point into.
        pages: the offsets at which its pages start; empty where it has none.
        quote: the words to mark; nothing is marked where start and end are the same.
        passage: the passage that they stand in, which is set off.
        headings: the headings that it stands under.
        window: the least that is shown; `window_of` when None.
        notice: what has to be said first.
    """
    start, end = _clamped(_union(quote, window or window_of(len(content), quote)), len(content))
    show = _Show(content, [offset for offset in pages if offset > 0], document.media_type)
    words = element(
        "div",
        _first_page(pages, start),
        _context(show, (start, end), quote, _clamped(passage or quote, len(content))),
        class_="reader-text",
        dir="auto",
    )
    return join(
        element(
            "header",
            element("h2", element("bdi", document.title), class_="reader-title"),
            element("p", _place(document, pages, quote, headings), class_="reader-place", dir="auto"),
            element("p", notice, class_="reader-notice", role="status") if notice else None,
            data_start=quote[0],
            data_end=quote[1],
            data_first=max(bisect_right(pages, quote[0]), 1) if pages else None,
            data_last=max(bisect_left(pages, quote[1]), 1) if pages else None,
            data_drawn=document.media_type == PDF,
        ),
        _more("Show what comes before", max(start - AROUND, 0), end) if start > 0 else None,
        words,
        _more("Show what comes after", start, end + AROUND) if end < len(content) else None,
    )


def window_of(n_chars: int, quote: Span) -> Span:
    """Return the part of a document that is shown around a quote at first."""
    if n_chars <= WHOLE:
        return 0, n_chars
    return _clamped((quote[0] - AROUND, quote[1] + AROUND), n_chars)


class _Show:
    """The text of a document with its page marks and soft line ends; the markup adds no words."""

    def __init__(self, text: str, pages: Sequence[int], media_type: str) -> None:
        self._text = text
        self._pages = pages
        self._headings = _HEADING if media_type == _MARKDOWN else None
        self._soft = media_type in _WRAPPED

    def __call__(self, start: int, end: int) -> Html:
        """Return a stretch of the text; a page mark stands before the page's first character."""
        first, last = bisect_left(self._pages, start), bisect_left(self._pages, end)
        cuts = [start, *self._pages[first:last], end]
        parts = [self._words(cuts[0], cuts[1])]
        for number, (a, b) in enumerate(zip(cuts[1:], cuts[2:], strict=False), first + 2):
            parts += [_page_mark(number), self._words(a, b)]
        return join(*parts)

    def _words(self, start: int, end: int) -> Html:
        parts: list[object] = []
        at = start
        for found in self._headings.finditer(self._text, start, end) if self._headings else ():
            hashes, title = found.groups()
            sign = element("span", hashes, class_="sign")
            parts += [self._lines(at, found.start()), element("strong", sign, title, class_="heading")]
            at = found.end()
        return join(*parts, self._lines(at, end))

    def _lines(self, start: int, end: int) -> Html:
        if not self._soft:
            return text(self._text[start:end])
        parts: list[object] = []
        at = start
        for found in _SOFT_END.finditer(self._text, start, end):
            if found.start() - self._text.rfind("\n", 0, found.start()) > _WRAP:
                parts += [self._text[at : found.start()], element("span", "\n", class_="soft")]
                at = found.end()
        return join(*parts, self._text[at:end])


def _context(show: _Show, shown: Span, quote: Span, passage: Span) -> Html:
    """Return the text with the passage set off and the quote marked in it."""
    first, last = max(passage[0], shown[0]), min(passage[1], shown[1])
    if quote[0] >= quote[1]:
        return show(*shown)
    first, last = _union((first, last), quote)
    inside = join(
        show(first, quote[0]),
        element("mark", show(*quote), id="quote", tabindex=-1),
        show(quote[1], last),
    )
    return join(show(shown[0], first), element("span", inside, class_="context"), show(last, shown[1]))


def _page_mark(number: int) -> Html:
    return element("span", class_="page-mark", data_label=f"Page {number}")


def _first_page(pages: Sequence[int], start: int) -> Html | None:
    number = bisect_right(pages, start)
    return _page_mark(number) if number else None


def _place(document: Document, pages: Sequence[int], quote: Span, headings: Sequence[str]) -> str:
    page = bisect_right(pages, quote[0])
    where = f"Page {page} of {len(pages)}" if page and quote[0] < quote[1] else ""
    return " · ".join(part for part in (where, headings_path(document.title, headings)) if part)


def _more(label: str, start: int, end: int) -> Html:
    return element("button", label, type="button", class_="more", data_from=start, data_to=end)


def _union(one: Span, other: Span) -> Span:
    return min(one[0], other[0]), max(one[1], other[1])


def _clamped(span: Span, n_chars: int) -> Span:
    return max(span[0], 0), min(span[1], n_chars)
