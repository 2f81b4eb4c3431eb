"""PDF: the text of every page, with whole paragraphs, page marks and headings."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from statistics import median
from typing import Any

from ingest.limits import Limits, exceeded
from ingest.load import ocr
from ingest.load.draft import Draft, best_title
from ingest.load.paragraphs import Line, Paragraph, known_words, to_paragraphs
from ingest.load.sniff import without_its_beginning
from rag.errors import BrokenDocument, EmptyDocument, EncryptedDocument
from rag.types import Text

_BEGINNING = b"%PDF-1.7\n"
_PASSWORD_ERRORS = (4, 5)  # FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY, an unknown kind of lock
_HYPHEN = "\ufffe"  # pdfium's mark for a hyphen at the end of a line
# Broken fonts give control codes; 2 is the hyphen's other form.
_CONTROLS = {code: " " for code in range(32) if code not in (9, 10, 13)} | {2: _HYPHEN}
_PHYSICAL_LINE = re.compile(rf"[^\r\n{_HYPHEN}]+(?:{_HYPHEN}|(?=[\r\n])|$)")
_HALF = re.compile("[\ud800-\udfff]")
_LARGER = 1.15  # times the size of the body text: a heading
_LONGEST_HEADING = 120
_LEVELS = 4
_BOXES = 5  # characters of a line that are measured


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
    import pypdfium2

    if without_its_beginning(data):
        data = _BEGINNING + data
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code in _PASSWORD_ERRORS:
            raise EncryptedDocument(
                f"{name}: it is locked with a password; save it without one and add it again"
            ) from error
        raise BrokenDocument(f"{name}: the PDF is damaged and does not open; export it again") from error
    try:
        if len(document) > limits.max_pages:
            raise exceeded(name, f"it has more than {limits.max_pages:,} pages", "max_pages")
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
    lines = [line for page in pages for line in page]
    words, body = known_words(lines), _body_size(lines)
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
        page = _page(document, number)
    except pypdfium2.PdfiumError:
        return
    try:
        textpage = page.get_textpage()
        try:
            text = _characters(textpage)
            for found in _PHYSICAL_LINE.finditer(text):
                if found.group().strip():
                    yield _measured(textpage, text, found.start(), found.end())
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
        page = _page(document, number)
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


def _page(document: Any, number: int) -> Any:
    """Return a page; one of a form with what is filled in, which is not part of the page's own text."""
    from pypdfium2 import raw

    page = document[number]
    if document.get_formtype() == raw.FORMTYPE_NONE:
        return page
    raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY)
    page.close()
    return document[number]


def _characters(textpage: Any) -> str:
    """Return a page's characters, one for each of pdfium's, so that indices agree."""
    from pypdfium2 import raw

    count = textpage.count_chars()
    text: str = textpage.get_text_range(errors="surrogatepass")
    if len(text) != count:  # pdfium left some out of the text, or put some in
        text = "".join(chr(raw.FPDFText_GetUnicode(textpage.raw, i)) for i in range(count))
    return text.translate(_CONTROLS)


def _whole(text: str) -> str:
    """Join the halves in which pdfium gives a character beyond the first 65,536, such as an emoji."""
    if not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _measured(textpage: Any, text: str, start: int, end: int) -> Line:
    """Return a line with its left and right end, and the middle ones of its heights and foots."""
    from pypdfium2 import raw

    while end > start and text[end - 1].isspace():
        end -= 1
    while text[start].isspace():
        start += 1
    words = _whole(text[start:end])
    last = max(end - 1 - words.endswith(_HYPHEN), start)
    sample = sorted({start + (last - start) * i // (_BOXES - 1) for i in range(_BOXES)})
    boxes = []
    for i in sample:
        box = raw.FS_RECTF()
        if raw.FPDFText_GetLooseCharBox(textpage.raw, i, ctypes.byref(box)):
            boxes.append(box)
    if not boxes:
        return Line(words.removesuffix(_HYPHEN), 0, 0, 0, 0, words.endswith(_HYPHEN))
    return Line(
        text=words.removesuffix(_HYPHEN),
        left=min(boxes[0].left, boxes[-1].right),
        right=max(boxes[0].left, boxes[-1].right),
        bottom=median(box.bottom for box in boxes),
        size=median(abs(box.top - box.bottom) for box in boxes),
        hyphenated=words.endswith(_HYPHEN),
    )


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
