"""What a file really is, by its first bytes, whatever its name says."""

from __future__ import annotations

import io
import zipfile

from rag.errors import BrokenDocument, EncryptedDocument

_HEAD = 1024
_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a", "rar"),
    (b"\x7fELF", "program"),
    (b"%!PS", "postscript"),
)
_IN_ZIP = (
    ("word/document.xml", "docx"),
    ("ppt/presentation.xml", "pptx"),
    ("xl/workbook.xml", "xlsx"),
    ("META-INF/container.xml", "epub"),
)
_WORDS = {
    "docx": "a Word document",
    "epub": "an EPUB book",
    "gif": "a GIF picture",
    "gzip": "a gzip archive",
    "html": "an HTML page",
    "jpeg": "a JPEG picture",
    "7z": "a 7z archive",
    "ole": "an old Office file",
    "pdf": "a PDF",
    "png": "a PNG picture",
    "postscript": "a PostScript file",
    "pptx": "a PowerPoint presentation",
    "program": "a program",
    "rar": "a RAR archive",
    "rtf": "an RTF document",
    "text": "plain text",
    "tiff": "a TIFF picture",
    "xlsx": "an Excel workbook",
    "zip": "a ZIP archive",
}
_READABLE = {"docx", "epub", "html", "pdf", "pptx", "xlsx"}
_OFFICE = {"docx", "pptx", "xlsx"}
_TEXTUAL = {"text", "html", "rtf", "postscript"}
# In the directory of an OLE container: the stream that holds a password-protected docx, pptx or xlsx.
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


def sniff(data: bytes) -> str:
    """Return what the bytes are: a key such as ``pdf``, ``docx`` or ``ole``; ``text`` when nothing else."""
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return _zip_kind(data) if kind == "zip" else kind
    head = data[:_HEAD]
    if b"%PDF-" in head:
        return "pdf"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "html" if start.startswith((b"<!doctype html", b"<html")) else "text"


def without_its_beginning(data: bytes) -> bool:
    """Say whether the bytes are a PDF that lacks nothing but its first words, which every viewer opens."""
    head = data[:_HEAD]
    return b"%PDF-" not in head and b" 0 obj" in head and b"%%EOF" in data[-_HEAD:]


def check(data: bytes, name: str, expected: str) -> None:
    """Refuse a file whose bytes are of another kind than its name says.

    Raises:
        EncryptedDocument: an Office file locked with a password.
        BrokenDocument: anything else than what the extension stands for; the message names what it is.
    """
    kind = sniff(data)
    if kind == expected or (expected in ("text", "html") and kind in _TEXTUAL):
        return
    if expected == "pdf" and without_its_beginning(data):
        return
    if expected in _OFFICE and kind == "zip":
        return  # cut short or damaged: the loader says so in better words
    if expected in _OFFICE and kind == "ole" and _ENCRYPTED_STREAM in data:
        raise EncryptedDocument(f"{name}: it is locked with a password; save it without one and add it again")
    if kind == "text" and expected not in ("text", "html"):
        raise BrokenDocument(
            f"{name}: it is not {_WORDS[expected]}, or its beginning is lost; export it again"
        )
    advice = f"rename it to end in .{kind}" if kind in _READABLE else _advice(kind)
    raise BrokenDocument(f"{name}: it is {_WORDS[kind]}, not what its name says; {advice}")


def _advice(kind: str) -> str:
    if kind in ("ole", "rtf"):
        return "save it as .docx, .pptx, .xlsx or .pdf"
    if kind in ("zip", "gzip", "7z", "rar"):
        return "unpack it and add what is inside"
    return "export it as .pdf or .txt"


def _zip_kind(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return "zip"
    return next((kind for member, kind in _IN_ZIP if member in names), "zip")
