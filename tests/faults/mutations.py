"""Real files of every format, and how they are damaged at random."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import docx
import openpyxl
import pptx
from hypothesis import strategies as st
from pptx.util import Inches
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate
from traps_archives import book
from traps_text import ENCODINGS

PROSE = "The keeper lit the lamp. Öl – 12,5 % – 2025-10-31; « où » 灯台 😀 ok."
TOKENS: dict[str, Sequence[bytes]] = {
    "pdf": (
        *(
            b"<<",
            b">>",
            b"[",
            b"]",
            b"(",
            b"endobj",
            b"endstream",
            b"stream\n",
            b" 0 R",
            b"3 0 R",
            b"-1",
            b"1e99",
        ),
        *(b"/Kids", b"/Count 99999999", b"/Length 0", b"/Filter /LZWDecode", b"BT", b"ET", b"Tj", b"xref\n"),
    ),
    "xml": (
        *(b"<", b">", b"/>", b"</", b"&#0;", b"&#xD800;", b"&x;", b"<!--", b"<![CDATA[", b"]]>", b"\xff\xfe"),
        *(b'=""', b"<w:p>", b"<w:tbl><w:tr>", b'Target="/"', b'r:id="rId99"', b"-1", b"1e999", b"NaN"),
    ),
    "text": (
        *(
            b"\0",
            b"\xff",
            b"\xed\xa0\x80",
            b"\r",
            b"\n\n",
            b"# ",
            b"---\n",
            b"```",
            b'"',
            b",",
            b";",
            b"{",
            b"[",
        ),
        *(
            b"<h1>",
            b"<table><tr><td>",
            b"<pre>",
            b"</p>",
            b"====\n",
            b"\xe2\x80\xae",
            b"\t",
            b"1e999",
            b"\\ud800",
        ),
        *(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n", b"=?utf-8?B?/w==?=", b"charset=utf-16\n"),
    ),
}


@dataclass(frozen=True, slots=True)
class Edit:
    """One damage: at a share of the file's length, take `gone` bytes away and put `put`, `times` times."""

    place: float
    gone: int
    put: bytes
    times: int


def edits(kind: str) -> st.SearchStrategy[list[Edit]]:
    """Return a strategy of one to six damages; `kind` picks the words that are put in."""
    put = st.one_of(st.just(b""), st.binary(max_size=8), st.sampled_from(TOKENS[kind]))
    gone = st.one_of(st.integers(0, 4), st.integers(0, 2000))
    times = st.one_of(st.just(1), st.integers(1, 300))
    return st.lists(st.builds(Edit, st.floats(0, 1), gone, put, times), min_size=1, max_size=6)


def damaged(data: bytes, damages: Sequence[Edit]) -> bytes:
    """Return `data` after the damages, one after another."""
    for edit in damages:
        at = int(edit.place * len(data))
        data = data[:at] + edit.put * edit.times + data[at + edit.gone :]
    return data


def damaged_within(data: bytes, member: float, damages: Sequence[Edit]) -> bytes:
    """Return an archive with one of its members damaged, the one at the share `member` of them."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        names = source.namelist()
        chosen = names[min(int(member * len(names)), len(names) - 1)]
        for name in names:
            content = source.read(name)
            target.writestr(name, damaged(content, damages) if name == chosen else content)
    return out.getvalue()


def _word() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Lamps"
    document.add_heading("Lamps", 1)
    document.add_paragraph(PROSE).add_run("bold").bold = True
    document.add_paragraph("item", style="List Bullet")
    table = document.add_table(2, 2)
    table.cell(0, 0).text, table.cell(1, 1).text = "a", "b"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _slides() -> bytes:
    show = pptx.Presentation()
    for _ in range(2):
        slide = show.slides.add_slide(show.slide_layouts[5])
        slide.shapes.title.text = "Lamps"
        slide.shapes.add_textbox(Inches(1), Inches(2), Inches(4), Inches(2)).text_frame.text = PROSE
        slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table.cell(0, 0).text = "a"
        slide.notes_slide.notes_text_frame.text = "say it"
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


def _workbook() -> bytes:
    made = openpyxl.Workbook()
    for row in (("Lamp", "Lit", "Share"), ("north", "2025-10-31", 0.125), ("south", True, 12)):
        made.active.append(row)
    made.create_sheet("Two")["C3"] = PROSE
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _report() -> bytes:
    styles = getSampleStyleSheet()
    out = io.BytesIO()
    parts = [
        Paragraph("Lamps", styles["Heading1"]),
        Paragraph("The keeper lit the lamp. " * 30, styles["Normal"]),
    ]
    SimpleDocTemplate(out, title="Lamps", pageCompression=0).build([*parts, PageBreak(), *parts])
    return out.getvalue()


def _mail() -> bytes:
    return (
        "From: Ada <a@b.example>\nTo: b@c.example\nSubject: =?utf-8?Q?L=C3=A4mps?=\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/html; charset=utf-8\n\n'
        f"<p>{PROSE}</p>\n--x\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\n"
        "aGk=\n--x--\n"
    ).encode()


def _page() -> bytes:
    rows = "".join(f"<tr><td>{i}</td><td>lamp</td></tr>" for i in range(5))
    more = f"<h2>Oil</h2><p>{PROSE * 20}</p><ul><li>one<li>two</ul><table>{rows}</table><pre>a\n b</pre>"
    head = "<!DOCTYPE html><html><head><title>Lamps</title></head>"
    return f"{head}<body><nav>menu</nav>{more}</body></html>".encode()


def _book() -> bytes:
    return book(f"<h1>Lamps</h1><p>{PROSE}</p><ul><li>one</li></ul><table><tr><td>a</td></tr></table>")


def _notes() -> bytes:
    return f"---\ntitle: Lamps\n---\n# One #\n\n{PROSE}\n\nTwo\n===\n\n```\n# code\n```\n- a\n".encode()


SEEDS: dict[str, Callable[[], bytes]] = {
    "csv": lambda: b'lamp;lit;share\nnorth;yes;12,5\nsouth;"no; not";1\n' * 9,
    "docx": _word,
    "eml": _mail,
    "epub": _book,
    "html": _page,
    "json": lambda: b'{"title": "Lamps", "list": [1, 2.5, null], "in": [{"a": "\\u00d6l"}, {"b": [[]]}]}',
    "jsonl": lambda: b'{"lamp": 1}\n{"lamp": [2, "x"]}\n' * 9,
    "md": _notes,
    "pdf": _report,
    "pptx": _slides,
    "rst": lambda: f"=====\nLamps\n=====\n\nOil\n---\n\n{PROSE}\n".encode(),
    "tsv": lambda: b"lamp\tlit\nnorth\tyes\n" * 9,
    "txt": lambda: (PROSE * 9 + ENCODINGS["koi8-r"]).encode(),
    "xlsx": _workbook,
}
"""Makers of a real file of each format."""
ARCHIVES = frozenset(("docx", "epub", "pptx", "xlsx"))
