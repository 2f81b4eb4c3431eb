"""Where words stand on the pages of PDFs: what is inside the rectangles are the words, and no others."""

from __future__ import annotations

import ctypes
import io
import random
import re
import string
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from papers import long_pdf, mapped_pdf, story_pdf
from pypdfium2 import raw
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph
from scanned import scan

from ingest.limits import DEFAULT_LIMITS
from ingest.load import load
from ingest.load.paragraphs import tidied, traced
from ingest.load.pdf_page import open_page, open_pdf
from ingest.load.pdf_places import Box, boxes
from rag.types import Text

SEEDS = sorted((Path(__file__).parents[4] / "seeds").glob("*/*.pdf"))
GRAIN = 1_000_000
STORY = (
    "The harbour of Arden was closed on the fourteenth of March, when the divers found that the timber of "
    "its northern pier had been hollowed by shipworms. For the work the council asked three companies "
    "whose experience with waterlogged foundations was documented. "
)


def letters(words: str) -> str:
    return re.sub(r"[\W_]+", "", words)


def pages_of(text: Text) -> list[tuple[int, int]]:
    return list(zip(text.pages, (*text.pages[1:], len(text.text)), strict=True))


def inside(document: pypdfium2.PdfDocument, number: int, found: list[Box]) -> str:
    """Return what pdfium has inside the middle of each rectangle."""
    page = open_page(document, number)
    textpage = page.get_textpage()
    words = ""
    for left, top, width, height in found:
        corners = [back(page, left, top), back(page, left + width, top + height)]
        (x0, x1), (y0, y1) = (sorted(axis) for axis in zip(*corners, strict=True))
        middle = (y0 + y1) / 2
        words += textpage.get_text_bounded(x0 + 0.4, middle - 1, x1 - 0.4, middle + 1)
    textpage.close()
    page.close()
    return words


def back(page: pypdfium2.PdfPage, across: float, down: float) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    steps = (round(across * GRAIN), round(down * GRAIN))
    raw.FPDF_DeviceToPage(page.raw, 0, 0, GRAIN, GRAIN, 0, *steps, ctypes.byref(x), ctypes.byref(y))
    return x.value, y.value


def found_on(data: bytes, words: str) -> tuple[str, list[list[Box]]]:
    """Return what stands inside the rectangles of these words, and the rectangles of each page."""
    text = load(data, "a.pdf")
    start = text.text.index(words)
    document = open_pdf(data, "a.pdf", DEFAULT_LIMITS)
    read, every = "", []
    for number, (first, last) in enumerate(pages_of(text)):
        a, b = max(start - first, 0), min(start + len(words), last) - first
        if a < b:
            found = boxes(document, number, text.text[first:last], a, b)
            assert found is not None
            read += inside(document, number, found)
            every.append(found)
    document.close()
    return read, every


def columns() -> bytes:
    """Return two columns of one story."""
    out = io.BytesIO()
    width, height = A4
    frames = [Frame(40 + i * (width / 2 - 20), 60, width / 2 - 60, height - 120, id=str(i)) for i in range(2)]
    template = BaseDocTemplate(out, pagesize=A4)
    template.addPageTemplates(PageTemplate(frames=frames))
    style = getSampleStyleSheet()["BodyText"]
    template.build([Paragraph(f"{n} {STORY * 3}", style) for n in range(1, 9)])
    return out.getvalue()


def lined(*lines: str, crop: tuple[float, ...] | None = None, rotate: int = 0) -> bytes:
    """Return one page of lines."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    if crop:
        canvas.setCropBox(crop)
    if rotate:
        canvas.setPageRotation(rotate)
    for i, line in enumerate(lines):
        canvas.drawString(150, 560 - 16 * i, line)
    canvas.save()
    return out.getvalue()


HYPHENATED = lined(
    "The council decided in its last meeting on the recon\u00ad",
    "struction of the northern pier, and on well-",
    "founded doubts it kept silent for the whole of the",
    "summer, which nobody had thought of as a time for it.",
)
HEBREW = dict(zip(range(0x61, 0x61 + 22), (chr(0x5D0 + i) for i in range(22)), strict=True))


@pytest.mark.parametrize(
    ("data", "words", "lines"),
    [
        pytest.param(story_pdf(), "The plane came from Libya on 26 October", 1, id="part of a line"),
        pytest.param(columns(), "whose experience with waterlogged foundations", None, id="columns"),
        pytest.param(columns(), STORY.strip(), None, id="several lines of a column"),
        pytest.param(
            mapped_pdf(
                b"BT /F1 24 Tf 72 700 Td (The {rst of the o}ces was ~lled) Tj ET",
                {0x7B: "fi", 0x7D: "ffi", 0x7E: "fi"},
            ),
            "first of the offices",
            1,
            id="ligatures",
        ),
        pytest.param(
            lined("The harbour was closed", "early in the year", rotate=90), "was closed", 1, id="rotated"
        ),
        pytest.param(lined("The harbour was closed", rotate=180), "harbour", 1, id="upside down"),
        pytest.param(
            lined("The harbour was closed", crop=(100, 500, 400, 700)), "harbour was", 1, id="cropped"
        ),
        pytest.param(
            lined("The harbour was closed", crop=(100, 500, 400, 700), rotate=270),
            "harbour was",
            1,
            id="cropped and rotated",
        ),
        pytest.param(
            mapped_pdf(b"BT /F1 24 Tf 72 700 Td (klm abc def) Tj ET", HEBREW),
            "\u05d0\u05d1\u05d2"[::-1],
            1,
            id="right to left",
        ),
        pytest.param(HYPHENATED, "on the reconstruction of the northern pier", 2, id="a hyphen that goes"),
        pytest.param(HYPHENATED, "reconstruction", 2, id="one word on two lines"),
        pytest.param(
            lined("Chapter one ............ 17", "Chapter two ............ 35"), "one … 17", 1, id="leaders"
        ),
    ],
)
def test_the_words_inside_the_rectangles_are_the_quote(data: bytes, words: str, lines: int | None):
    text = load(data, "a.pdf").text
    if words not in text:
        words = words[::-1]
    read, [found] = found_on(data, words)

    assert sorted(letters(read)) == sorted(letters(words))
    if lines is not None:
        assert len(found) == lines
    assert all(0 <= share <= 1 for box in found for share in box)


def test_a_quote_over_a_page_break_is_marked_on_both_pages():
    text = load(story_pdf(), "a.pdf").text
    words = text[text.index("Nobody had") : text.index("The minister spoke") + len("The minister spoke")]
    read, every = found_on(story_pdf(), words)

    assert letters(read) == letters(words)
    assert [len(found) for found in every] == [1, 2]


def test_words_of_both_directions_are_marked_apart():
    """The end of a run to the left and the beginning of one to the right do not stand side by side."""
    data = mapped_pdf(b"BT /F1 24 Tf 72 700 Td (ABC jih gfe dcba DEF) Tj ET", HEBREW)
    text = load(data, "a.pdf").text
    document = open_pdf(data, "a.pdf", DEFAULT_LIMITS)
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            found = boxes(document, 0, text, start, end)
            assert found is not None
            assert sorted(letters(inside(document, 0, found))) == sorted(letters(text[start:end]))
    document.close()


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name)
def test_every_sentence_of_the_starter_documents_is_marked_exactly(path: Path):
    data = path.read_bytes()
    text = load(data, path.name)
    document = open_pdf(data, path.name, DEFAULT_LIMITS)
    n = 0
    for number, (first, last) in enumerate(pages_of(text)):
        page = text.text[first:last].rstrip()
        for sentence in re.finditer(r"[^.\n]+[.\n]?", page):
            found = boxes(document, number, page, *sentence.span())
            assert found is not None
            assert letters(inside(document, number, found)) == letters(sentence.group())
            n += 1
    document.close()
    assert n > 20
    assert len(SEEDS) == 2


def test_each_line_has_one_rectangle():
    text = load(long_pdf(1, lines=10), "a.pdf").text
    document = open_pdf(long_pdf(1, lines=10), "a.pdf", DEFAULT_LIMITS)
    found = boxes(document, 0, text, 0, len(text))
    document.close()

    assert found is not None
    assert len(found) == 10
    assert [box[1] for box in found] == sorted(box[1] for box in found)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("What OCR has read of the page", id="other words"),
        pytest.param("The harbour was closed for ever", id="more words"),
        pytest.param("The harbour", id="fewer words"),
        pytest.param("", id="no words"),
    ],
)
def test_nothing_is_claimed_of_a_page_that_does_not_have_the_text(text: str):
    document = open_pdf(lined("The harbour was closed"), "a.pdf", DEFAULT_LIMITS)
    assert boxes(document, 0, text, 0, len(text)) is None
    document.close()


def test_a_scan_has_no_places():
    document = open_pdf(scan(None), "a.pdf", DEFAULT_LIMITS)
    assert boxes(document, 0, "The harbour of Arden was closed", 0, 10) is None
    document.close()


@given(st.text(st.sampled_from("ab. \t\u2026-\u00a0\ufffe"), max_size=60))
def test_what_is_traced_is_what_is_tidied(raw_words: str):
    text, places = traced(raw_words)
    assert text == tidied(raw_words)
    assert len(places) == len(text)
    assert places == sorted(places)
    assert all(raw_words[at] == c for c, at in zip(text, places, strict=True) if c not in " \u2026")


@given(
    st.lists(st.text(st.sampled_from(string.ascii_letters + "  ,.-"), min_size=1), min_size=1, max_size=12)
)
def test_any_lines_are_found_again(lines: list[str]):
    data = lined(*lines)
    if not any(map(str.isalnum, "".join(lines))):
        return
    text = load(data, "a.pdf").text
    document = open_pdf(data, "a.pdf", DEFAULT_LIMITS)
    chosen = random.Random(len(text))
    start, end = sorted((chosen.randrange(len(text) + 1), chosen.randrange(len(text) + 1)))
    found = boxes(document, 0, text, start, end)
    document.close()

    assert found is not None
    assert bool(found) == bool(text[start:end].strip())


def test_words_beside_the_page_are_nowhere_on_it():
    document = open_pdf(lined("The harbour was closed", crop=(0, 0, 100, 100)), "a.pdf", DEFAULT_LIMITS)
    assert boxes(document, 0, "The harbour was closed", 0, 11) == []
    document.close()
