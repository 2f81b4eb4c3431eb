"""A starter document as a file of Word, PowerPoint or Excel."""

from __future__ import annotations

import csv
import io

from archives import repack
from blocks import AUTHOR, inline, parse, sections


def docx(source: str) -> bytes:
    """Return a Word document."""
    from docx import Document
    from docx.oxml import OxmlElement
    from docx.text.paragraph import Paragraph

    document = Document()
    blocks = list(parse(source))
    document.core_properties.title = blocks[0].text
    document.core_properties.author = AUTHOR
    styles = {"title": "Heading 1", "heading": "Heading 2", "bullet": "List Bullet"}

    def fill(paragraph: Paragraph, text: str) -> None:
        for part, style in inline(text):
            run = paragraph.add_run(part)
            run.bold = True if style == "bold" else None
            run.font.name = "Courier New" if style == "code" else None

    for block in blocks:
        if block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]), "Table Grid")
            table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
            for line, row in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(line.cells, row, strict=True):
                    fill(cell.paragraphs[0], text)
        else:
            fill(document.add_paragraph(style=styles.get(block.kind)), block.text)
    out = io.BytesIO()
    document.save(out)
    return repack(out)


def pptx(source: str) -> bytes:
    """Return a slide show: a title slide, then one slide a heading, with notes."""
    from pptx import Presentation

    show = Presentation()
    blocks = list(parse(source))
    show.core_properties.title = blocks[0].text
    show.core_properties.author = AUTHOR
    for heading, body in sections(blocks):
        slide = show.slides.add_slide(show.slide_layouts[0 if heading.kind == "title" else 1])
        slide.shapes.title.text = heading.text
        lines = [block for block in body if block.kind != "note"]
        frame = slide.placeholders[1].text_frame
        frame.text = "\n".join("".join(part for part, _ in inline(line.text)) for line in lines)
        for note in (block for block in body if block.kind == "note"):
            slide.notes_slide.notes_text_frame.text = note.text
    out = io.BytesIO()
    show.save(out)
    return repack(out)


def xlsx(source: str) -> bytes:
    """Return a workbook with one sheet."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.properties.title, book.properties.creator = "Hmeimim in figures", AUTHOR
    sheet = book.active
    sheet.title = book.properties.title
    for row in csv.reader(io.StringIO(source)):
        sheet.append([cell or None for cell in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = 40
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return repack(out)
