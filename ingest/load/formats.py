"""The formats that Footnote reads: their extensions, media types and loaders. Cheap to import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Format:
    """One format: the module of `ingest.load` that reads it, and what its bytes look like (see `sniff`).

    Of one that may be `scanned`, the module also takes what to do with pages without text, see `ocr.Scans`.
    """

    module: str
    media_type: str
    kind: str = "text"
    scanned: bool = False


_OFFICE = "application/vnd.openxmlformats-officedocument."
_HTML = Format("html", "text/html", "html")
_MARKDOWN = Format("markdown", "text/markdown")
_TEXT = Format("text", "text/plain")

FORMATS: dict[str, Format] = {
    ".csv": Format("csv", "text/csv"),
    ".docx": Format("office", _OFFICE + "wordprocessingml.document", "docx"),
    ".eml": Format("eml", "message/rfc822"),
    ".epub": Format("office", "application/epub+zip", "epub"),
    ".htm": _HTML,
    ".html": _HTML,
    ".json": Format("json", "application/json"),
    ".jsonl": Format("json", "application/jsonl"),
    ".log": _TEXT,
    ".markdown": _MARKDOWN,
    ".md": _MARKDOWN,
    ".pdf": Format("pdf", "application/pdf", "pdf", scanned=True),
    ".pptx": Format("office", _OFFICE + "presentationml.presentation", "pptx"),
    ".rst": Format("rst", "text/x-rst"),
    ".text": _TEXT,
    ".tsv": Format("csv", "text/tab-separated-values"),
    ".txt": _TEXT,
    ".xhtml": Format("html", "application/xhtml+xml", "html"),
    ".xlsx": Format("xlsx", _OFFICE + "spreadsheetml.sheet", "xlsx"),
}

SUPPORTED: frozenset[str] = frozenset(FORMATS)

# Pictures of text, read only by OCR.
_JPEG = Format("picture", "image/jpeg", "jpeg", scanned=True)
_TIFF = Format("picture", "image/tiff", "tiff", scanned=True)
PICTURES: dict[str, Format] = {
    ".jpeg": _JPEG,
    ".jpg": _JPEG,
    ".png": Format("picture", "image/png", "png", scanned=True),
    ".tif": _TIFF,
    ".tiff": _TIFF,
}

# What to do with files that are often met and not read.
CONVERSIONS: dict[str, str] = {
    **dict.fromkeys((".doc", ".docm", ".dot", ".odt", ".pages", ".rtf"), "save it as .docx or .pdf"),
    **dict.fromkeys((".key", ".odp", ".ppt", ".pptm"), "save it as .pptx or .pdf"),
    **dict.fromkeys((".numbers", ".ods", ".xls", ".xlsb", ".xlsm"), "save it as .xlsx or .csv"),
    **dict.fromkeys((".7z", ".gz", ".rar", ".tar", ".tgz", ".zip"), "unpack it and add what is inside"),
    **dict.fromkeys((".azw", ".azw3", ".mobi"), "convert it to .epub"),
    ".msg": "save it as .eml",
    **dict.fromkeys(PICTURES, "if it is a picture of text, add it with --ocr"),
}


def extension(name: str) -> str:
    """Return the lower-case extension of a file name, with its dot; empty when there is none."""
    return PurePath(name).suffix.lower()


def is_read(name: str, *, pictures: bool = False) -> bool:
    """Say whether Footnote reads files with this extension; by OCR also `pictures` of text."""
    suffix = extension(name)
    return suffix in SUPPORTED or (pictures and suffix in PICTURES)


def media_type(name: str) -> str:
    """Return the media type that goes with a file's extension; ``application/octet-stream`` when unknown."""
    known = (FORMATS | PICTURES).get(extension(name))
    return known.media_type if known else "application/octet-stream"


def may_be_scanned(name: str) -> bool:
    """Say whether the pages of a file with this name may be pictures of text."""
    known = (FORMATS | PICTURES).get(extension(name))
    return known is not None and known.scanned
