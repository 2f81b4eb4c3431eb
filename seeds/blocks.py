"""Read the Markdown of a small kind in which the sources of the starter documents are written.

One block a paragraph, ``#`` and ``##`` headings, ``-`` bullets, tables with pipes, ``>`` for a speaker's
note, ``---`` for a new page, and ``**bold**`` and ``code`` in backticks within a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

AUTHOR = "The Footnote project"
"""Who wrote them, as the documents say."""


@dataclass(frozen=True)
class Block:
    """A piece of a source: its kind, its text, and its cells where it is a table."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def parse(source: str) -> Iterator[Block]:
    """Yield the blocks of a Markdown source in order."""
    marks = {"# ": "title", "## ": "heading", "- ": "bullet", "> ": "note"}
    for chunk in re.split(r"\n\s*\n", source.strip()):
        lines = chunk.splitlines()
        if chunk == "---":
            yield Block("break")
        elif chunk.startswith("|"):
            cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
            yield Block("table", rows=(cells[0], *cells[2:]))
        elif mark := next((mark for mark in marks if chunk.startswith(mark)), None):
            yield from (Block(marks[mark], line.removeprefix(mark)) for line in lines)
        else:
            yield Block("paragraph", " ".join(lines))


def inline(text: str) -> Iterator[tuple[str, str]]:
    """Yield the stretches of a line with their style: plain, bold or code."""
    for part in re.split(r"(\*\*.+?\*\*|`.+?`)", text):
        if part.startswith("**"):
            yield part[2:-2], "bold"
        elif part.startswith("`"):
            yield part[1:-1], "code"
        elif part:
            yield part, "plain"


def markup(text: str, bold: str, code: str) -> str:
    """Return a line as XML, with the given format strings for bold and code."""
    forms = {"plain": "{}", "bold": bold, "code": code}
    return "".join(forms[style].format(escape(part)) for part, style in inline(text))


def sections(blocks: Iterable[Block]) -> Iterator[tuple[Block, list[Block]]]:
    """Yield each title or heading with the blocks below it."""
    body: list[Block] = []
    heading = Block("title")
    for block in blocks:
        if block.kind in ("title", "heading"):
            if heading.text:
                yield heading, body
            heading, body = block, []
        else:
            body.append(block)
    yield heading, body
