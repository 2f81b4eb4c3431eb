"""Markdown: the text is kept as it is; headings and the front matter's title are marked."""

from __future__ import annotations

import re

from ingest.limits import Limits
from ingest.load.decode import decode
from ingest.load.draft import best_title
from ingest.load.formats import media_type
from rag.types import Heading, Text

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?[ \t]*")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_NO_PARAGRAPH = re.compile(r" {4}|\t| {0,3}(?:[>#|]|[-*+][ \t]|\d+[.)][ \t])")
_FRONT_MATTER = re.compile(r"(---|\+\+\+)[ \t]*\n(.*?)\n\1[ \t]*(?:\n|$)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title[ \t]*[:=](.*)$", re.MULTILINE | re.IGNORECASE)


def load(data: bytes, name: str, _: Limits) -> Text:
    """Return the text of a Markdown file; a heading starts where its line does."""
    text = decode(data, name)
    front = _FRONT_MATTER.match(text)
    body = front.end() if front else 0
    found = _FRONT_TITLE.search(front.group(2)) if front else None
    title = found.group(1).strip().strip("\"'") if found else None
    headings = _headings(text, body)
    return Text(text, media_type(name), title=best_title(title, headings), headings=headings)


def _headings(text: str, start: int) -> tuple[Heading, ...]:
    """Return the ATX and setext headings outside fenced and indented code."""
    headings: list[Heading] = []
    fence = ""
    previous = ""  # the line above, when it may be the words of a setext heading
    for line in text[start:].splitlines(keepends=True):
        words = line.rstrip("\n")
        mark = _FENCE.match(words)
        if fence:
            closes = mark and mark.group(1).startswith(fence) and not words.strip(" \t`~")
            fence = "" if closes else fence
            previous = ""
        elif mark:
            fence, previous = mark.group(1), ""
        elif atx := _ATX.fullmatch(words):
            if title := _without_closing(atx.group(2) or ""):
                headings.append(Heading(start, len(atx.group(1)), title))
            previous = ""
        elif previous and (under := _SETEXT.fullmatch(words)):
            level = 1 if under.group(1).startswith("=") else 2
            headings.append(Heading(start - len(previous), level, previous.strip()))
            previous = ""
        else:
            alone = not previous or not previous.strip()
            previous = line if words.strip() and not _NO_PARAGRAPH.match(words) and alone else ""
        start += len(line)
    return tuple(headings)


def _without_closing(words: str) -> str:
    """Return the words of an ATX heading without the number signs that may close it."""
    words = words.rstrip(" \t")
    opened = words.rstrip("#")
    return opened.rstrip(" \t") if not opened or opened[-1] in " \t" else words
