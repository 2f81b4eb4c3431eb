"""Names of uploaded files, as safe as they can be read (pure)."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from rag.errors import UsageError

DEEPEST = 12
"""Folders, with the file itself, in the path of an uploaded file."""

_MAX_NAME = 120
_UNSAFE = re.compile(
    r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+'
)
_SEPARATORS = re.compile(r"[/\\]+")


def safe_name(name: str) -> str:
    """Return a file name that stays in its folder, is not hidden, reads as it is and is no user's folder."""
    cleaned = " ".join(_UNSAFE.sub(" ", name).split()).lstrip(".@ ").rstrip(". ")
    stem, dot, suffix = cleaned.rpartition(".")
    if not dot:
        stem, suffix = cleaned, ""
    room = _MAX_NAME - len(suffix.encode()) - 1
    stem = stem.encode()[: max(room, 1)].decode(errors="ignore").strip() or "document"
    return f"{stem}.{suffix}" if suffix and room > 0 else stem


def safe_path(name: str) -> PurePosixPath:
    """Return the relative path of an uploaded file, every part of it safe; it leads upwards nowhere.

    Raises:
        UsageError: it is too deep.
    """
    parts = [part for part in _SEPARATORS.split(name) if part.strip() not in ("", ".", "..")]
    if len(parts) > DEEPEST:
        raise UsageError(
            f"{safe_name(parts[-1])}: it lies more than {DEEPEST - 1} folders deep; "
            "add a folder that is nearer to it"
        )
    return PurePosixPath(*(safe_name(part) for part in parts or ["document"]))
