"""Pictures of text and PDFs of such pictures, for the tests of scans."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

WORDS = (
    "The harbour of Arden was closed",
    "on 14 March 2024 until 1,250",
    "planks were replaced by divers.",
)
LINES = " ".join(WORDS)


def picture(lines: Sequence[str] = WORDS, size: tuple[int, int] = (900, 600)) -> Image.Image:
    """Return black lines of text on white."""
    image = Image.new("L", size, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=40)
    for i, line in enumerate(lines):
        draw.text((60, 80 + 60 * i), line, fill="black", font=font)
    return image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def scan(*pages: str | None) -> bytes:
    """Return a PDF: a page of text for each string, and a picture of `WORDS` for each None."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A5)
    for page in pages:
        if page is None:
            canvas.drawImage(ImageReader(picture()), 0, 100, width=420, height=280)
        else:
            canvas.drawString(72, 400, page)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
