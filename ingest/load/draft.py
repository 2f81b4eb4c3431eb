"""The builder that loaders write a `Text` with, so that marks and offsets always agree."""

from __future__ import annotations

import re

from ingest.load.formats import media_type
from rag.types import Heading, Text

_JUNK_TITLE = re.compile(
    r"""(?:untitled|unknown|none|null|title|document|presentation|slide|book|sheet|workbook)\W*\d*
      | microsoft\ (?:word|powerpoint|excel|office)\b.* | powerpoint\ presentation | word\ document
      | \(?anonymous\)? | \(?unspecified\)? | [^\w]*
      | .*\.(?:docx?|pptx?|xlsx?|pdf|dvi|tex|indd|qxd|pages|odt|rtf|html?|txt|ps)""",
    re.IGNORECASE | re.VERBOSE,
)
_LONGEST_TITLE = 200


class Draft:
    """A text in the making: blocks, headings and pages in reading order."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._group = ""
        self._new_pages = 0
        self._headings: list[Heading] = []
        self._pages: list[int] = []

    def page(self) -> None:
        """Begin a page: it starts where the next block does."""
        self._new_pages += 1

    def heading(self, level: int, title: str) -> None:
        """Add a heading of one line; nothing when it has no words."""
        title = " ".join(title.split())
        if title:
            self.block(title)
            self._headings.append(Heading(self._length - len(title), level, title))

    def block(self, text: str, *, group: str = "") -> None:
        """Add a paragraph; between two of the same `group`, such as rows or items, is no empty line."""
        text = text.strip()
        if not text:
            return
        if self._parts:
            self._write("\n" if group and group == self._group and not self._new_pages else "\n\n")
        self._place_pages()
        self._write(text)
        self._group = group

    def finish(self, name: str, title: str | None = None, *, heading_is_title: bool = True) -> Text:
        """Return the text; its title is `title` unless that is junk, else the first of its top headings."""
        self._place_pages()
        if self._group:
            self._write("\n")
        headings = tuple(self._headings)
        return Text(
            text="".join(self._parts),
            media_type=media_type(name),
            title=best_title(title, headings if heading_is_title else ()),
            pages=tuple(self._pages),
            headings=headings,
        )

    def _write(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _place_pages(self) -> None:
        """Give the pages begun since the last block their offset: here."""
        self._pages += [self._length] * self._new_pages
        self._new_pages = 0


def best_title(metadata: str | None, headings: tuple[Heading, ...] = ()) -> str | None:
    """Return the title in a document's metadata unless it is junk, else its first top heading, else None."""
    title = " ".join((metadata or "").replace("\0", " ").split())
    if title and len(title) <= _LONGEST_TITLE and not _JUNK_TITLE.fullmatch(title):
        return title
    top = min((heading.level for heading in headings), default=0)
    first = next((heading.title for heading in headings if heading.level == top), "")
    return first if 0 < len(first) <= _LONGEST_TITLE else None
