"""PDFs made for the tests of reading: what their words are is known, and where they stand."""

from __future__ import annotations

import io

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

STORY = (
    (
        "The log of the harbour",
        "The plane came from Libya on 26 October in the morning.",
        "Nobody had expected it so early in the year.",
    ),
    ("What was on board", "The minister spoke about oil for two hours.", "The embassy reopened in spring."),
    ("What came after", "The river rose by two metres.", "The moon was full that night."),
)


def story_pdf(title: str = "Harbour log") -> bytes:
    """Three pages of a few lines each, see `STORY`."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setTitle(title)
    for heading, *lines in STORY:
        canvas.setFont("Times-Bold", 18)
        canvas.drawString(72, 770, heading)
        canvas.setFont("Times-Roman", 12)
        for i, line in enumerate(lines):
            canvas.drawString(72, 400 - 60 * i, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def long_pdf(n_pages: int, lines: int = 40) -> bytes:
    """Many pages of text; the words of each name its number."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setTitle("The long report")
    for number in range(1, n_pages + 1):
        for i in range(lines):
            canvas.drawString(
                72, 780 - 17 * i, f"Zebra {number} of the long report is counted in line {i + 1}, and so on."
            )
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def mapped_pdf(content: bytes, letters: dict[int, str], entries: bytes = b"/MediaBox [0 0 612 792]") -> bytes:
    """One page whose codes stand for any letters: those of other scripts, or several at once.

    Args:
        content: what is drawn, in the font F1.
        letters: by their codes; the others stand for themselves.
        entries: of the page: its boxes, its rotation.
    """
    pairs = [f"<{code:02X}> <{words.encode('utf-16-be').hex()}>" for code, words in letters.items()]
    to_unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <FF> endcodespacerange\n{len(pairs)} beginbfchar {' '.join(pairs)} "
        "endbfchar endcmap end end"
    ).encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R %s /Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>" % entries,
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 6 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(to_unicode), to_unicode),
    )
    data = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % each for each in enumerate(objects, start=1))
    return data + b"trailer<</Size 7/Root 1 0 R>>\n%%EOF"
