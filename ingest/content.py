"""The bytes of a file that may be loaded, and no more of them than a file may have."""

from __future__ import annotations

import os
from pathlib import Path

from ingest.files import open_file, shown, unopened
from ingest.limits import Limits, exceeded
from ingest.load import check_supported
from rag.errors import LimitExceeded


def content_of(path: Path, limits: Limits, *, follow: bool = True, content: Path | None = None) -> bytes:
    """Return the bytes of a file.

    Args:
        path: the file; its name says of which kind it is.
        limits: how large it may be.
        follow: read what a link leads to; else a link is refused.
        content: where its bytes are for now; at `path` when None.

    Raises:
        LoadError: it is of an unknown kind, too large, a link, or cannot be opened.
    """
    name = shown(path.name)
    if follow or not path.is_symlink():
        check_supported(name, pictures=limits.ocr)
    with open_file(content or path, follow=follow) as file:
        if os.fstat(file.fileno()).st_size > limits.max_bytes:
            raise too_large(name, limits)
        try:
            data = file.read(limits.max_bytes + 1) or b""  # None where a file of the system's would wait
        except OSError as error:
            raise unopened(content or path, error) from error
    if len(data) > limits.max_bytes:
        raise too_large(name, limits)
    return data


def too_large(name: str, limits: Limits) -> LimitExceeded:
    """Return the error of a file that has more bytes than one may have."""
    return exceeded(name, f"it is larger than {limits.max_file_mb:,g} MB", "max_file_mb")
