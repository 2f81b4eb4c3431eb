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
