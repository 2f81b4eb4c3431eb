"""ZIP containers (docx, pptx, xlsx, epub), opened with care: bombs, passwords and XML entities."""

from __future__ import annotations

import io
import re
import zipfile

from ingest.limits import Limits, exceeded
from rag.errors import BrokenDocument, EncryptedDocument

_HARMLESS = 10_000_000  # bytes unpacked, whatever the ratio
_CHUNK = 1 << 20
_ENTITY = "<!ENTITY"
_DOCTYPE = "<!DOCTYPE"


def open_archive(data: bytes, name: str, limits: Limits) -> zipfile.ZipFile:
    """Return the open container. The sizes that it declares bind: zipfile reads no more than is declared.

    Raises:
        BrokenDocument: cut short, or no ZIP at all.
        EncryptedDocument: its members need a password.
        LimitExceeded: it would unpack to more bytes or parts than it may.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise BrokenDocument(f"{name}: the file is cut short or damaged; copy or save it again") from error
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if len(members) > limits.max_entries:
        raise exceeded(name, f"it holds more than {limits.max_entries:,} parts", "max_entries")
    if unpacked > limits.max_decompressed:
        what = f"it unpacks to more than {limits.max_decompressed_mb:g} MB"
        raise exceeded(name, what, "max_decompressed_mb")
    if unpacked > max(_HARMLESS, limits.max_ratio * len(data)):
        raise exceeded(name, f"it unpacks to more than {limits.max_ratio:g} times its size", "max_ratio")
    if any(member.flag_bits & 1 for member in members):
        raise EncryptedDocument(f"{name}: it is locked with a password; save it without one and add it again")
    return archive


def refuse_declarations(archive: zipfile.ZipFile, name: str, *, allow_doctype: bool = False) -> None:
    """Refuse XML that declares entities or, in Office formats that never do, a document type.

    Raises:
        BrokenDocument: such a declaration is in the file; it could swell or read other files.
    """
    forbidden = _ENTITY if allow_doctype else _DOCTYPE
    needle = re.compile(b"|".join(forbidden.encode(code) for code in ("ascii", "utf-16-le", "utf-16-be")))
    overlap = 2 * len(forbidden)
    for member in archive.infolist():
        if not member.filename.lower().endswith((".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")):
            continue
        tail = b""
        with archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                if needle.search(tail + chunk):
                    raise BrokenDocument(f"{name}: it declares XML entities, which is unsafe; save it again")
                tail = chunk[-overlap:]


def core_title(archive: zipfile.ZipFile) -> str | None:
    """Return the title in the core properties of a docx or pptx."""
    from defusedxml import ElementTree

    try:
        root = ElementTree.fromstring(archive.read("docProps/core.xml"))
    except (KeyError, ElementTree.ParseError):
        return None
    title: str | None = root.findtext("{http://purl.org/dc/elements/1.1/}title")
    return title
