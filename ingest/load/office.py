"""Word, PowerPoint and EPUB: markitdown turns them into Markdown, and this into text with marks."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any
from urllib.parse import unquote

from ingest.limits import Limits
from ingest.load.archive import core_title, open_archive, refuse_declarations
from ingest.load.draft import Draft
from ingest.load.formats import extension
from rag.errors import EncryptedDocument
from rag.types import Text

# What markitdown hands on to markdownify: words without marks of emphasis, escapes, links or pictures.
_OPTIONS = {
    "strip": ["a", "img", "b", "strong", "i", "em", "u", "s", "del", "strike", "sub", "sup", "code"],
    "escape_asterisks": False,
    "escape_underscores": False,
    "bullets": "-",
}
_TITLE_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"
_HEADING = re.compile(r"(#{1,6}) +(.*)")
_PICTURE = re.compile(r"!\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]\((?:[^()\n]|\([^()\n]*\))*\)")
_RULE = re.compile(r"\|(?: *:?-+:? *\|)+")
_SPECIAL = re.compile(r"#{1,6} +\S|\||\s*(?:- |\d+\. )|\s*$|-{3,}$")
_FACT = re.compile(r"^\*\*(\w+):\*\* ", re.MULTILINE)
_PAGE_TEXT = (".xhtml", ".html", ".htm", ".xml")


def load(data: bytes, name: str, limits: Limits) -> Text:
    """Return the text of a docx, pptx (slides are pages) or epub file."""
    kind = extension(name)
    with open_archive(data, name, limits) as archive:
        refuse_declarations(archive, name, allow_doctype=kind == ".epub")
        if kind == ".epub":
            _refuse_protected(archive, name)
        title = None if kind == ".epub" else core_title(archive)
    found = _convert(data, kind)
    markdown = str(found.markdown)
    if kind == ".epub":  # it begins with what is known of the book, as **Title:** and so on
        facts, blank, rest = markdown.partition("\n\n")
        markdown = _FACT.sub(r"\1: ", facts) + blank + rest
    draft = Draft()
    _write(markdown, draft, slides=kind == ".pptx")
    return draft.finish(name, title or found.title)


def _convert(data: bytes, kind: str) -> Any:
    from markitdown import StreamInfo
    from markitdown.converters import DocxConverter, EpubConverter, PptxConverter

    converters: dict[str, Any] = {".docx": DocxConverter, ".epub": EpubConverter, ".pptx": PptxConverter}
    options = _OPTIONS | {"style_map": _TITLE_STYLES} if kind == ".docx" else _OPTIONS
    return converters[kind]().convert(io.BytesIO(data), StreamInfo(extension=kind), **options)


def _write(markdown: str, draft: Draft, *, slides: bool) -> None:
    """Write markitdown's output into the draft, line by line."""
    paragraph: list[str] = []
    code: list[str] | None = None
    slide = 1
    for line in [*_PICTURE.sub("", markdown.replace("\v", "\n")).splitlines(), ""]:
        if line.startswith("```"):
            draft.block("\n".join(code or paragraph))
            code, paragraph = ([] if code is None else None), []
        elif code is not None:
            code.append(line)
        elif slides and line == f"<!-- Slide number: {slide} -->":
            draft.block("\n".join(paragraph))
            paragraph = []
            draft.page()
            slide += 1
        elif _SPECIAL.match(line):
            draft.block("\n".join(paragraph))
            paragraph = []
            _write_special(line, draft)
        else:
            paragraph.append(line.strip())
    draft.block("\n".join([*(code or ()), *paragraph]))


def _write_special(line: str, draft: Draft) -> None:
    """Write a line that is a heading, a list item, a table row or nothing."""
    if heading := _HEADING.fullmatch(line):
        draft.heading(len(heading.group(1)), heading.group(2).rstrip(":"))
    elif line.startswith("|"):
        draft.block(_row(line), group="rows")
    elif line.strip("- "):
        draft.block(line, group="items")


def _row(line: str) -> str:
    """Return a table row as ``a | b | c``; nothing for the rule below a header."""
    if _RULE.fullmatch(line.strip()):
        return ""
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    return " | ".join(cells) if any(cells) else ""


def _refuse_protected(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse a book whose pages are encrypted; encrypted fonts do not matter."""
    from defusedxml import ElementTree

    try:
        root = ElementTree.fromstring(archive.read("META-INF/encryption.xml"))
    except KeyError:
        return
    targets = (unquote(element.get("URI", "")).lower() for element in root.iter() if element.get("URI"))
    if any(target.endswith(_PAGE_TEXT) for target in targets):
        raise EncryptedDocument(f"{name}: the book is copy-protected; add an edition without protection")
