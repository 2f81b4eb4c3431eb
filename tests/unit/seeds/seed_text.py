"""Read the text of a starter document by simple means, apart from Footnote's own loaders."""

from __future__ import annotations

import email
import email.policy
import html
import re
import zipfile
from pathlib import Path

import pypdfium2

SEEDS = Path(__file__).parents[3] / "seeds"
GROUPS = ("hmeimim", "guide")
PARAGRAPH_ENDS = re.compile(r"</(?:w:p|a:p|si|p|li|h\d|td|th|tr|title)>")


def documents() -> list[str]:
    """Return the starter documents, as paths below seeds/."""
    return sorted(
        path.relative_to(SEEDS).as_posix()
        for group in GROUPS
        for path in (SEEDS / group).rglob("*")
        if path.is_file()
    )


def text_of(path: Path) -> str:
    """Return the text of a file, with runs of white space as one space."""
    readers = {
        ".pdf": lambda: "\n".join(pdf_pages(path)),
        ".html": lambda: untag(path.read_text("utf-8")),
        ".eml": lambda: mail(path),
    } | dict.fromkeys((".docx", ".pptx", ".xlsx", ".epub"), lambda: archive(path))
    return squeeze(readers.get(path.suffix, lambda: path.read_text("utf-8"))())


def squeeze(text: str) -> str:
    """Return the text with runs of white space as one space."""
    return " ".join(text.split())


def pdf_pages(path: Path) -> list[str]:
    """Return the text of each page."""
    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def mail(path: Path) -> str:
    """Return the subject and the body of a mail."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return f"{message['subject']}\n{message.get_content()}"


def archive(path: Path) -> str:
    """Return the text of the XML files in an Office file or a book."""
    with zipfile.ZipFile(path) as files:
        names = (name for name in files.namelist() if name.endswith((".xml", ".xhtml")))
        return "\n".join(untag(files.read(name).decode("utf-8")) for name in names)


def untag(markup: str) -> str:
    """Return markup without its tags, with a line break where a paragraph ends."""
    return html.unescape(re.sub(r"<[^>]*>", "", PARAGRAPH_ENDS.sub("\n", markup)))
