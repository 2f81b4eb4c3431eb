"""PDF: pages, paragraphs, headings, title, and files that do not open."""

from __future__ import annotations

import io
from bisect import bisect_right

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

from ingest.load import load
from rag.errors import BrokenDocument, EmptyDocument, EncryptedDocument

STYLES = getSampleStyleSheet()
BODY = "The pier of the harbour was inspected in the early morning by two engineers. " * 6


def report(title: str | None = "River report") -> bytes:
    """Three pages, with headings of two sizes."""
    out = io.BytesIO()
    story = [
        Paragraph("Rivers of the north", STYLES["Title"]),
        Paragraph(BODY, STYLES["BodyText"]),
        Paragraph("The second paragraph is short.", STYLES["BodyText"]),
        PageBreak(),
        Paragraph("Second chapter", STYLES["Heading2"]),
        Paragraph(BODY.replace("pier", "lighthouse"), STYLES["BodyText"]),
        PageBreak(),
        Paragraph("The last page ends here.", STYLES["BodyText"]),
    ]
    SimpleDocTemplate(out, title=title).build(story)
    return out.getvalue()


def drawn(*pages: str, **options: object) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, **options)
    for page in pages:
        canvas.drawString(72, 700, page)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_pages_paragraphs_headings_and_title():
    text = load(report(), "a.pdf")

    assert text.title == "River report"
    assert len(text.pages) == 3
    paragraphs = text.text.split("\n\n")
    assert paragraphs == [
        "Rivers of the north",
        BODY.strip(),
        "The second paragraph is short.",
        "Second chapter",
        BODY.replace("pier", "lighthouse").strip(),
        "The last page ends here.",
    ]
    starts = [text.text.index(word) for word in ("Rivers of", "Second chapter", "The last page")]
    assert list(text.pages) == starts
    assert bisect_right(text.pages, text.text.index("lighthouse")) == 2
    assert [(mark.level, mark.title, mark.start) for mark in text.headings] == [
        (1, "Rivers of the north", 0),
        (2, "Second chapter", starts[1]),
    ]


@pytest.mark.parametrize(
    "title", ["untitled", "Microsoft Word - report.doc", "report.docx", "Document1", " "]
)
def test_junk_titles_give_way_to_the_largest_words_on_the_first_page(title: str):
    assert load(report(title), "a.pdf").title == "Rivers of the north"


def test_an_outline_tells_the_headings():
    out = io.BytesIO()
    canvas = Canvas(out)
    for chapter in ("Alpha", "Beta"):
        canvas.bookmarkPage(chapter)
        canvas.bookmarkPage(f"{chapter}.1")
        canvas.addOutlineEntry(f"Chapter {chapter}", chapter, level=0)
        canvas.addOutlineEntry(f"Section {chapter}", f"{chapter}.1", level=1)
        canvas.drawString(72, 700, f"Chapter {chapter}")
        canvas.drawString(72, 650, f"Section {chapter}")
        canvas.drawString(72, 600, "Some words of the same size as the headings.")
        canvas.showPage()
    canvas.save()
    text = load(out.getvalue(), "a.pdf")

    assert [(mark.level, mark.title) for mark in text.headings] == [
        (1, "Chapter Alpha"),
        (2, "Section Alpha"),
        (1, "Chapter Beta"),
        (2, "Section Beta"),
    ]
    assert all(text.text[mark.start :].startswith(mark.title) for mark in text.headings)


def test_a_page_without_text_keeps_its_number():
    text = load(drawn("first words", " ", "third words"), "a.pdf")

    assert len(text.pages) == 3
    assert bisect_right(text.pages, text.text.index("third")) == 3


def test_what_is_filled_in_a_form_is_text():
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(72, 700, "Name of tenant:")
    canvas.acroForm.textfield(name="tenant", value="Maria Keller", x=200, y=690, width=200)
    canvas.save()

    assert "Maria Keller" in load(out.getvalue(), "a.pdf").text


def test_characters_beyond_the_first_plane():
    to_unicode = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"2 beginbfchar <41> <D835DC00> <42> <0042> endbfchar endcmap end end"
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length 36>>stream\nBT /F1 24 Tf 50 100 Td (BAB) Tj ET  \nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(to_unicode), to_unicode),
    ]
    data = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % item for item in enumerate(objects, start=1))
    data += b"trailer<</Size 7/Root 1 0 R>>\n%%EOF"

    assert load(data, "a.pdf").text == "B\U0001d400B"


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        pytest.param(
            drawn("secret words", encrypt=StandardEncryption("open", "own")),
            EncryptedDocument,
            "it is locked with a password",
            id="password",
        ),
        pytest.param(
            drawn(" ", " "),
            EmptyDocument,
            "no text on any of its 2 pages; it may be scanned: read it with --ocr",
            id="scan",
        ),
        pytest.param(drawn("...", "---"), EmptyDocument, "there is no text in it", id="only marks"),
        pytest.param(b"%PDF-1.4\nrubbish", BrokenDocument, "the PDF is damaged", id="rubbish"),
        pytest.param(report()[:600], BrokenDocument, "the PDF is damaged", id="cut short"),
    ],
)
def test_files_that_cannot_be_read(data: bytes, error: type[Exception], words: str):
    with pytest.raises(error, match=rf"^a\.pdf: .*{words}"):
        load(data, "a.pdf")


def test_an_owner_password_alone_does_not_matter():
    data = drawn("open words", encrypt=StandardEncryption("", "own", canCopy=0))

    assert load(data, "a.pdf").text == "open words"
