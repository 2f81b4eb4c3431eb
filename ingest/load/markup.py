"""A tree of elements, HTML or trafilatura's, to a text with headings, list items and table rows."""

from __future__ import annotations

import re
from typing import Any

from ingest.load.draft import Draft
from rag.types import Text

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ITEMS = frozenset(("li", "item"))
_ROWS = frozenset(("tr", "row"))
_CELLS = frozenset(("td", "th", "cell"))
_GROUPS = dict.fromkeys(_ITEMS, "items") | dict.fromkeys(_ROWS, "rows") | {"dt": "terms", "dd": "terms"}
_BREAKS = frozenset(("br", "lb"))
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font graphic hi i img input ins kbd label mark"
    " q ref rp rt ruby s samp small span strike strong sub sup time tt u var wbr".split()
)
_LAYOUT = frozenset(("table", "ul", "ol", "list", "pre", "blockquote", "head", *_HEADINGS))
_LONGEST_ROW = 2000  # characters: longer rows are pages laid out with tables, not data
_SPACE = re.compile(r"\s+")


def render(root: Any, name: str, title: str | None = None, *, without: frozenset[str] = frozenset()) -> Text:
    """Return the text of `root`, an lxml element, but for the elements named in `without`."""
    from lxml import etree

    writer = _Writer()
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event in ("comment", "pi"):
            writer.words(element.tail)
            continue
        tag = _tag(element)
        dropped = tag in without
        if event == "start" and dropped:
            walk.skip_subtree()
        elif event == "start":
            writer.open(tag, element)
        elif dropped:
            writer.words(element.tail)
        else:
            writer.close(tag)
            writer.words(element.tail if element is not root else None)
    writer.flush()
    return writer.draft.finish(name, title)


def _tag(element: Any) -> str:
    """Return an element's name; trafilatura's headings are given that of HTML."""
    tag = str(element.tag).rpartition("}")[2].lower()
    level: str = element.get("rend", "")
    return level if tag == "head" and level in _HEADINGS else tag


def _is_data(row: Any) -> bool:
    """Tell a row of a table of data from one that lays out a page."""
    cells = 0
    for element in row.iterdescendants():
        tag = _tag(element) if isinstance(element.tag, str) else ""
        if tag in _LAYOUT:
            return False
        cells += tag in _CELLS
    return cells > 1 and sum(map(len, row.itertext())) <= _LONGEST_ROW


class _Writer:
    """Turns elements, as they open and close, into the blocks of a `Draft`."""

    def __init__(self) -> None:
        self.draft = Draft()
        self._words: list[str] = []
        self._block = ""  # the tag of the block that the words belong to
        self._pre = 0
        self._in_row = False
        self._cells = 0

    def open(self, tag: str, element: Any) -> None:
        """Enter an element and take its first words."""
        if self._in_row:
            if tag in _CELLS:
                self._words.append(" | " if self._cells else "")
                self._cells += 1
            elif tag not in _INLINE:
                self._words.append(" ")
        elif tag in _BREAKS:
            self._words.append("\n")
        elif tag not in _INLINE:
            self.flush()
            self._begin(tag, element)
        self.words(element.text)

    def close(self, tag: str) -> None:
        """Leave an element."""
        if self._in_row and tag not in _ROWS:
            return
        if tag not in _INLINE and tag not in _BREAKS:
            self.flush()
            self._pre -= tag == "pre"
            self._in_row = False
            self._block = "" if self._block == tag else self._block

    def words(self, text: str | None) -> None:
        """Take words; white space means nothing outside preformatted text."""
        if text:
            self._words.append(text if self._pre else _SPACE.sub(" ", text))

    def flush(self) -> None:
        """Write the words taken since the last block."""
        text = "".join(self._words)
        self._words.clear()
        if not self._pre:
            text = "\n".join(" ".join(line.split()) for line in text.split("\n"))
        if not text.strip(" |\n"):
            return
        block, self._block = self._block, ""
        if block in _HEADINGS:
            self.draft.heading(_HEADINGS[block], text)
        else:
            mark = "- " if block in _ITEMS else ""
            self.draft.block(mark + text.strip("\n"), group=_GROUPS.get(block, ""))

    def _begin(self, tag: str, element: Any) -> None:
        self._pre += tag == "pre"
        if tag in _ROWS:
            self._in_row, self._cells = _is_data(element), 0
        if tag in _HEADINGS or tag in _GROUPS:
            self._block = tag
