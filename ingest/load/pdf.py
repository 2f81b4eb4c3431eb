"""PDF: the text of every page, with whole paragraphs, page marks and headings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingest.limits import Limits
from ingest.load import ocr
from ingest.load.draft import Draft, best_title
from ingest.load.paragraphs import Line, Paragraph, known_words, to_paragraphs
from ingest.load.pdf_page import characters, lines, open_page, open_pdf
from rag.errors import EmptyDocument
from rag.types import Text

_LARGER = 1.15  # times the size of the body text: a heading
_LONGEST_HEADING = 120
_LEVELS = 4


def load(data: bytes, name: str, limits: Limits, scans: ocr.Scans = "refuse") -> Text:
    """Return the text of a PDF.

    Args:
        data: the whole file.
        name: the file's name.
        limits: what reading it may take.
        scans: what to do with pages that have no text.

    Raises:
        EncryptedDocument: it does not open without a password.
        EmptyDocument: no page has text, as in a scan.
        BrokenDocument: pdfium cannot open it.
        LimitExceeded: it has more pages than it may.
    """
    document = open_pdf(data, name, limits)
    try:
        pages = [list(_lines(document, number)) for number in range(len(document))]
        if scans == "read":
            pages = [page or _read(document, number) for number, page in enumerate(pages)]
        outline = _outline(document)
        title = document.get_metadata_value("Title")
    finally:
        document.close()
    if not any(pages) and scans != "leave":
        count = f"any of its {len(pages)} pages" if len(pages) > 1 else "its page"
        if scans == "read":
            raise EmptyDocument(f"{name}: no text on {count}, even with OCR; scan it again, in better light")
        raise EmptyDocument(f"{name}: no text on {count}; it may be scanned: read it with --ocr")
    return write(pages, outline, name, title)


def write(pages: list[list[Line]], outline: dict[tuple[int, str], int], name: str, title: str) -> Text:
    """Return the text of pages of lines, as paragraphs and headings.

    Args:
        pages: the lines of each page in reading order.
        outline: the levels of headings by page, from 0, and their letters; else their size tells them.
        name: the file's name.
        title: what the file gives as its title; may be junk.
    """
    every = [line for page in pages for line in page]
    words, body = known_words(every), _body_size(every)
    paragraphs = [to_paragraphs(page, words) for page in pages]
    sizes = {round(p.size, 1) for page in paragraphs for p in page if _is_large(p, body)}
    levels = {size: min(rank, _LEVELS) for rank, size in enumerate(sorted(sizes, reverse=True), start=1)}
    draft = Draft()
    for number, page in enumerate(paragraphs):
        draft.page()
        for paragraph in page:
            level = outline.get((number, _key(paragraph.text)))
            if level is None and not outline and _is_large(paragraph, body):
                level = levels[round(paragraph.size, 1)]
            if level is None:
                draft.block(paragraph.text)
            else:
                draft.heading(level, paragraph.text)
    largest = max((p for page in paragraphs[:1] for p in page if _is_large(p, body)), key=_size, default=None)
    return draft.finish(name, best_title(title) or (largest.text if largest else None))


def _size(paragraph: Paragraph) -> float:
    return paragraph.size


def _lines(document: Any, number: int) -> Iterator[Line]:
    """Yield a page's lines with their place; a page that pdfium cannot read has none."""
    import pypdfium2

    try:
        page = open_page(document, number)
    except pypdfium2.PdfiumError:
        return
    try:
        textpage = page.get_textpage()
        try:
            yield from lines(textpage, characters(textpage))
        finally:
            textpage.close()
    except pypdfium2.PdfiumError:
        return
    finally:
        page.close()


def _read(document: Any, number: int) -> list[Line]:
    """Return the lines of a page as OCR reads them; a page that pdfium cannot draw has none."""
    import pypdfium2

    try:
        page = open_page(document, number)
    except pypdfium2.PdfiumError:
        return []
    try:
        dots = min(ocr.MAX_DPI / 72, ocr.MAX_SIDE / max(*page.get_size(), 1.0))
        picture = page.render(scale=dots, rev_byteorder=False, prefer_bgrx=False).to_numpy()
    except pypdfium2.PdfiumError:
        return []
    finally:
        page.close()
    return ocr.read(picture, dots=dots)


def _body_size(lines: list[Line]) -> float:
    """Return the size of most of the text."""
    weights: dict[float, int] = {}
    for line in lines:
        size = round(line.size, 1)
        weights[size] = weights.get(size, 0) + len(line.text)
    return max(weights, key=lambda size: weights[size], default=0.0)


def _is_large(paragraph: Paragraph, body: float) -> bool:
    text = paragraph.text
    return (
        paragraph.size >= _LARGER * body > 0
        and len(text) <= _LONGEST_HEADING
        and sum(map(str.isalpha, text)) >= 3
        and not text.endswith((".", ",", ";", ":"))
    )


def _outline(document: Any) -> dict[tuple[int, str], int]:
    """Return the level of each bookmark by its page and words."""
    found: dict[tuple[int, str], int] = {}
    for bookmark in document.get_toc():
        target = bookmark.get_dest()
        page = target.get_index() if target else None
        if page is not None and bookmark.get_title():
            found.setdefault((page, _key(bookmark.get_title())), bookmark.level + 1)
    return found


def _key(title: str) -> str:
    return "".join(filter(str.isalpha, title)).casefold()
