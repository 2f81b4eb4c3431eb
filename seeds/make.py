"""Make the starter documents that are not plain text from the sources in ``seeds/source``.

Run ``python seeds/make.py`` with the development dependencies installed;
``python seeds/make.py FOLDER`` writes below another folder. The same sources give the same
bytes on each run: dates are fixed, and archives are packed anew with fixed timestamps.

The sources are Markdown (see ``seeds/blocks.py``); the spreadsheet is made from a CSV file.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from blocks import Block, inline, markup, parse, sections

SEEDS = Path(__file__).parent
AUTHOR = "The Footnote project"
DATE = dt.datetime(2025, 10, 31, 12, 0, 0)
STAMP = f"{DATE.isoformat()}Z"

TARGETS = {
    "hmeimim/briefing.pdf": "hmeimim/briefing.md",
    "hmeimim/who-is-who.docx": "hmeimim/who-is-who.md",
    "hmeimim/figures.xlsx": "hmeimim/figures.csv",
    "guide/asking-questions.pdf": "guide/asking-questions.md",
    "guide/adding-documents.docx": "guide/adding-documents.md",
    "guide/privacy-and-limits.epub": "guide/privacy-and-limits.md",
    "guide/tour.pptx": "guide/tour.md",
}


def main(folder: Path) -> None:
    """Write every target below `folder`."""
    for target in TARGETS:
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(build(target))


def build(target: str) -> bytes:
    """Return the bytes of one target, named as in `TARGETS`."""
    source = (SEEDS / "source" / TARGETS[target]).read_text("utf-8")
    make = {".pdf": pdf, ".docx": docx, ".xlsx": xlsx, ".pptx": pptx, ".epub": epub}[Path(target).suffix]
    return make(source)


def pdf(source: str) -> bytes:
    """Return a PDF with an outline of its headings."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Flowable, ListFlowable, PageBreak, Paragraph, SimpleDocTemplate, Table

    styles = getSampleStyleSheet()
    styles["BodyText"].fontSize, styles["BodyText"].leading, styles["BodyText"].spaceAfter = 11, 16, 8
    names = {"title": "Heading1", "heading": "Heading2"}
    blocks = list(parse(source))

    def paragraph(block: Block) -> Paragraph:
        text = markup(block.text, "<b>{}</b>", '<font face="Courier">{}</font>')
        return Paragraph(text, styles[names.get(block.kind, "BodyText")])

    def flow(block: Block) -> Flowable:
        if block.kind == "break":
            return PageBreak()
        if block.kind == "bullet":
            return ListFlowable([paragraph(block)], bulletType="bullet")
        if block.kind == "table":
            rows = [[f"**{cell}**" for cell in block.rows[0]], *block.rows[1:]]
            cells = [[paragraph(Block("cell", cell)) for cell in row] for row in rows]
            style = [("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]
            return Table(
                cells, colWidths=[110, *[340 / (len(cells[0]) - 1)] * (len(cells[0]) - 1)], style=style
            )
        return paragraph(block)

    class Outlined(SimpleDocTemplate):
        """A document that lists its headings in the outline."""

        def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 (reportlab's name)
            """Add a heading to the outline once its page is known."""
            name = getattr(getattr(flowable, "style", None), "name", "")
            if name in names.values():
                text = flowable.getPlainText()
                self.canv.bookmarkPage(text)
                self.canv.addOutlineEntry(text, text, level=int(name == "Heading2"))

    out = io.BytesIO()
    Outlined(out, pagesize=A4, title=blocks[0].text, author=AUTHOR, lang="en", invariant=1).build(
        [flow(block) for block in blocks]
    )
    return out.getvalue()


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


def epub(source: str) -> bytes:
    """Return an EPUB 3 book with one chapter a heading."""
    page = (
        '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml" '
        'xmlns:epub="http://www.idpf.org/2007/ops" lang="en">'
        "<head><title>{}</title></head><body>{}</body></html>"
    )
    parts = list(sections(parse(source)))
    title = parts[0][0].text
    names = [f"chapter-{number}" for number, _ in enumerate(parts)]
    toc = "".join(
        f'<li><a href="{n}.xhtml">{escape(h.text)}</a></li>' for n, (h, _) in zip(names, parts, strict=True)
    )
    types = {"nav": ' properties="nav"'} | dict.fromkeys(names, "")
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"{extra}/>'
        for name, extra in types.items()
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    package = (
        '<?xml version="1.0" encoding="utf-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        'unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">footnote-guide-privacy</dc:identifier><dc:title>{escape(title)}</dc:title>'
        f"<dc:creator>{AUTHOR}</dc:creator><dc:language>en</dc:language>"
        f'<meta property="dcterms:modified">{STAMP}</meta></metadata><manifest>{items}</manifest>'
        f"<spine>{spine}</spine></package>"
    )
    container = (
        '<?xml version="1.0"?>\n'
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
        '<rootfiles><rootfile full-path="book/content.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>"
    )
    files = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "book/content.opf": package,
    }
    files["book/nav.xhtml"] = page.format(title, f'<nav epub:type="toc"><ol>{toc}</ol></nav>')
    for name, (heading, body) in zip(names, parts, strict=True):
        files[f"book/{name}.xhtml"] = page.format(escape(heading.text), "".join(html([heading, *body])))
    return pack((name, text.encode()) for name, text in files.items())


def html(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield blocks as XHTML, bullets gathered into lists."""
    tags = {"title": "h1", "heading": "h2", "bullet": "li"}
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        tag = tags.get(kind, "p")
        lines = (f"<{tag}>{markup(b.text, '<b>{}</b>', '<code>{}</code>')}</{tag}>" for b in group)
        yield f"<ul>{''.join(lines)}</ul>" if kind == "bullet" else "".join(lines)


def repack(archive: io.BytesIO) -> bytes:
    """Return an Office file with the dates of its making replaced by fixed ones."""
    with zipfile.ZipFile(archive) as files:
        entries = [(name, files.read(name)) for name in files.namelist()]
    dates = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
    return pack(
        (name, dates.sub(rb"\g<1>" + STAMP.encode(), data) if name == "docProps/core.xml" else data)
        for name, data in entries
    )


def pack(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a zip archive of the entries, in order and with fixed timestamps."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as files:
        for name, data in entries:
            info = zipfile.ZipInfo(name, DATE.timetuple()[:6])
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            files.writestr(info, data, compresslevel=9)
    return out.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
