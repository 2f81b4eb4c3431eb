"""HTML pages: the main text without menus and adverts, or all visible text where that would lose much."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ingest.limits import Limits
from ingest.load.decode import decode, normalise_newlines
from ingest.load.draft import best_title
from ingest.load.markup import render
from rag.types import Text

# trafilatura drops menus and asides and, now and then, half the page: below this share of the visible
# text outside of menus, its choice is not trusted.
_LEAST_SHARE = 0.5
_SHORT = 800  # letters and digits: too little for a page to hide its text behind menus, or for trafilatura
_SAMPLE = 4096
_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_UNSEEN = frozenset(
    "script style noscript template head title meta link svg math canvas object iframe textarea".split()
)
_UNSEEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_MENUS = frozenset(("nav", "aside", "footer", "button", "select", "dialog"))


def load(data: bytes, name: str, _: Limits) -> Text:
    """Return the text of a page; headings keep their level, table rows read ``a | b | c``."""
    tree = _parsed(_source(data, name))
    title = tree.findtext(".//title")
    _prune(tree)
    visible = render(tree, name, title, without=_MENUS)
    text = visible if _size(visible) else render(tree, name, title)
    if _size(visible) > _SHORT:
        main = _main(tree, name, title)
        trusted = main and "\n\n" in main.text and _size(main) >= _LEAST_SHARE * _size(visible)
        text = main if main and trusted else visible
    return _without_site_name(text)


def _without_site_name(text: Text) -> Text:
    """Return the text with its first top heading as title, where the page's title only adds to it."""
    heading = best_title(None, text.headings)
    return replace(text, title=heading) if heading and (text.title or "").startswith(heading) else text


def visible_text(source: str) -> str:
    """Return all visible text of a page or a fragment of one."""
    tree = _parsed(source)
    _prune(tree)
    return render(tree, "").text


def _source(data: bytes, name: str) -> str:
    """Return the page's characters: by byte order mark, then as it declares, then by the best guess."""
    declared = _CHARSET.search(data[:_SAMPLE])
    if declared and not data.startswith(_BOMS):
        try:
            return normalise_newlines(data.decode(declared.group(1).decode("ascii")))
        except (LookupError, UnicodeDecodeError):
            return decode(data, name)
    return decode(data, name)


def _parsed(source: str) -> Any:
    """Return the tree of a page.

    Raises:
        RecursionError: the page is nested so deeply that lxml would leave out what is inside.
    """
    from lxml import etree, html

    parser = html.HTMLParser(huge_tree=True)  # otherwise what lies below 256 levels is silently lost
    try:
        tree = html.document_fromstring(_DECLARATION.sub("", source).replace("\0", "\ufffd"), parser=parser)
    except etree.ParserError:  # lxml's word for: nothing in it
        return html.document_fromstring("<html></html>")
    if any("Excessive depth" in entry.message for entry in parser.error_log):
        raise RecursionError
    return tree


def _prune(tree: Any) -> None:
    """Take away what a reader never sees: scripts, styles, hidden elements."""
    unseen = [
        element
        for element in tree.iter()
        if element.tag in _UNSEEN
        or "hidden" in element.attrib
        or _UNSEEN_STYLE.search(element.get("style") or "")
    ]
    for element in unseen:
        if element.getparent() is not None:
            element.drop_tree()


def _main(tree: Any, name: str, title: str | None) -> Text | None:
    """Return what trafilatura takes for the main text; None where it finds none."""
    import trafilatura

    try:
        found = trafilatura.bare_extraction(
            tree, favor_recall=True, include_comments=False, include_tables=True, include_formatting=True
        )
    except RecursionError:
        return None
    body = getattr(found, "body", None)
    return None if body is None else render(body, name, title)


def _size(text: Text) -> int:
    return sum(map(str.isalnum, text.text))
