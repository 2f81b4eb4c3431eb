"""A PDF and its pages as pdfium has them: opening, characters, lines with their places."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from statistics import median
from typing import Any

from ingest.limits import Limits, exceeded
from ingest.load.paragraphs import Line
from ingest.load.sniff import without_its_beginning
from rag.errors import BrokenDocument, EncryptedDocument

HYPHEN = "\ufffe"
"""pdfium's mark for a hyphen at the end of a line."""

_BEGINNING = b"%PDF-1.7\n"
_PASSWORD_ERRORS = (4, 5)  # FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY, an unknown kind of lock
# Broken fonts give control codes; 2 is the hyphen's other form.
_CONTROLS = {code: " " for code in range(32) if code not in (9, 10, 13)} | {2: HYPHEN}
_PHYSICAL_LINE = re.compile(rf"[^\r\n{HYPHEN}]+(?:{HYPHEN}|(?=[\r\n])|$)")
_HALF = re.compile("[\ud800-\udfff]")
_BOXES = 5  # characters of a line that are measured

Span = tuple[int, int]


def open_pdf(data: bytes, name: str, limits: Limits) -> Any:
    """Return the open PDF; the caller closes it.

    Raises:
        EncryptedDocument: it does not open without a password.
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
    if len(document) > limits.max_pages:
        document.close()
        raise exceeded(name, f"it has more than {limits.max_pages:,} pages", "max_pages")
    return document


def open_page(document: Any, number: int) -> Any:
    """Return a page; one of a form with what is filled in, which is not part of the page's own text.

    Args:
        document: the open PDF.
        number: of the page, from 0.
    """
    from pypdfium2 import raw

    page = document[number]
    if document.get_formtype() == raw.FORMTYPE_NONE:
        return page
    raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY)
    page.close()
    return document[number]


def characters(textpage: Any) -> str:
    """Return a page's characters, one for each of pdfium's, so that indices agree."""
    from pypdfium2 import raw

    count = textpage.count_chars()
    text: str = textpage.get_text_range(errors="surrogatepass")
    if len(text) != count:  # pdfium left some out of the text, or put some in
        text = "".join(chr(raw.FPDFText_GetUnicode(textpage.raw, i)) for i in range(count))
    return text.translate(_CONTROLS)


def line_spans(text: str) -> Iterator[Span]:
    """Yield where the lines of a page's characters begin and end, the hyphen included; not the empty ones."""
    for found in _PHYSICAL_LINE.finditer(text):
        if found.group().strip():
            yield found.span()


def lines(textpage: Any, text: str) -> Iterator[Line]:
    """Yield a page's lines with their place."""
    for start, end in line_spans(text):
        yield _measured(textpage, text, start, end)


def whole(text: str) -> str:
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
    words = whole(text[start:end])
    last = max(end - 1 - words.endswith(HYPHEN), start)
    sample = sorted({start + (last - start) * i // (_BOXES - 1) for i in range(_BOXES)})
    boxes = []
    for i in sample:
        box = raw.FS_RECTF()
        if raw.FPDFText_GetLooseCharBox(textpage.raw, i, ctypes.byref(box)):
            boxes.append(box)
    if not boxes:
        return Line(words.removesuffix(HYPHEN), 0, 0, 0, 0, words.endswith(HYPHEN), start)
    return Line(
        text=words.removesuffix(HYPHEN),
        left=min(boxes[0].left, boxes[-1].right),
        right=max(boxes[0].left, boxes[-1].right),
        bottom=median(box.bottom for box in boxes),
        size=median(abs(box.top - box.bottom) for box in boxes),
        hyphenated=words.endswith(HYPHEN),
        first=start,
    )
