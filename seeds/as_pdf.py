"""A starter document as a PDF."""

from __future__ import annotations

import io

from blocks import AUTHOR, Block, markup, parse


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
