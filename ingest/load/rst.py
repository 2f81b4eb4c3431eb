"""reStructuredText: the text is kept as it is; underlined headings are marked."""

from __future__ import annotations

import re

from ingest.limits import Limits
from ingest.load.decode import decode
from ingest.load.draft import best_title
from ingest.load.formats import media_type
from rag.types import Heading, Text

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+[ \t]*\n?")


def load(data: bytes, name: str, _: Limits) -> Text:
    """Return the text of a reStructuredText file; a heading starts at its overline if it has one."""
    text = decode(data, name)
    headings = _headings(text.splitlines(keepends=True))
    return Text(text, media_type(name), title=best_title(None, headings), headings=headings)


def _headings(lines: list[str]) -> tuple[Heading, ...]:
    """Return the headings; as in the standard, levels follow the order in which adornments appear."""
    headings: list[Heading] = []
    styles: list[tuple[str, bool]] = []
    start = 0
    for i, line in enumerate(lines[:-1]):
        above = lines[i - 1] if i else ""
        if _is_title(line, lines[i + 1], above):
            over = bool(_ADORNMENT.fullmatch(above))
            style = (lines[i + 1][0], over)
            if style not in styles:
                styles.append(style)
            at = start - len(above) if over else start
            headings.append(Heading(at, styles.index(style) + 1, line.strip()))
        start += len(line)
    return tuple(headings)


def _is_title(line: str, below: str, above: str) -> bool:
    """Say whether `line` is underlined at full length, alone or between two equal lines."""
    words = line.strip()
    if not words or not _ADORNMENT.fullmatch(below) or _ADORNMENT.fullmatch(line):
        return False
    if above.strip() and not (_ADORNMENT.fullmatch(above) and above[0] == below[0]):
        return False
    indented = line[0] in " \t"
    return len(below.strip()) >= len(words) and (not indented or bool(above.strip()))
