"""Pages without text, which may be scans: what is told of them, and which files are worth reading again."""

from __future__ import annotations

from rag.library import Library
from rag.types import Document, Text

_KINDS = ("application/pdf", "image/")


def note(text: Text, *, read: bool) -> str | None:
    """Return a word on the pages of a PDF or a picture that have no text; None where all have some.

    Args:
        text: what was extracted.
        read: whether OCR has been tried on them.
    """
    blank = text.blank_pages if text.media_type.startswith(_KINDS) else ()
    if not blank:
        return None
    count = len(text.pages)
    where = f"{len(blank)} of {count} pages" if len(blank) > 1 else f"page {blank[0]} of {count}"
    if read:
        return f"no text on {where}, even with OCR"
    may = "they may be scans; read them" if len(blank) > 1 else "it may be a scan; read it"
    return f"no text on {where}: {may} with --ocr"


def note_of(library: Library, document: Document) -> str | None:
    """Return the same of a document in a library."""
    if not document.media_type.startswith(_KINDS):
        return None
    return note(stored_text(library, document), read=was_read(library, document))


def is_unread(library: Library, document: Document) -> bool:
    """Say whether a document has pages without text that OCR has not been tried on."""
    if not document.media_type.startswith(_KINDS) or was_read(library, document):
        return False
    return note(stored_text(library, document), read=False) is not None


def remember_read(library: Library, document: Document) -> None:
    """Remember that OCR was tried on what is without text in this version of a document."""
    if document.media_type.startswith(_KINDS):
        library.catalog.set_meta({_key(document): document.sha256})


def stored_text(library: Library, document: Document) -> Text:
    """Return the text of a document as the library has it, with its pages."""
    pages = library.catalog.pages([document.id]).get(document.id, ())
    return Text(library.text(document.id), document.media_type, pages=pages)


def was_read(library: Library, document: Document) -> bool:
    """Say whether OCR was tried on what is without text in this version of a document."""
    return library.catalog.get_meta(_key(document)) == document.sha256


def _key(document: Document) -> str:
    return f"ocr:{document.id}"
