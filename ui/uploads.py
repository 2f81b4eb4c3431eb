"""Uploaded files: a safe name and a place in the library, then the pipeline, told step by step."""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ingest.limits import DEFAULT_LIMITS, Limits
from rag.access import private_folder
from rag.errors import FootnoteError, StorageError
from rag.upkeep import UPLOADS
from ui.ledger import Ledger, Line, after_outcomes, after_progress
from ui.runs import UNEXPECTED

if TYPE_CHECKING:
    from ingest.pipeline import Outcome, Progress
    from rag.library import Library
    from rag.models import Embedder

_MAX_NAME = 120
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200b-\u200f\u202a-\u202e\u2066-\u2069]+')
_LOG = logging.getLogger(__name__)


def safe_name(name: str) -> str:
    """Return a file name that stays inside its folder, is not hidden and reads as it is."""
    cleaned = " ".join(_UNSAFE.sub(" ", name).split()).lstrip(". ")
    stem, dot, suffix = cleaned.rpartition(".")
    if not dot:
        stem, suffix = cleaned, ""
    room = _MAX_NAME - len(suffix.encode()) - 1
    stem = stem.encode()[: max(room, 1)].decode(errors="ignore").strip() or "document"
    return f"{stem}.{suffix}" if suffix and room > 0 else stem


def keep(files: Sequence[Path], folder: Path) -> list[Path]:
    """Move files into a folder under safe names, each in one step; one of the same name is replaced.

    Raises:
        StorageError: the folder cannot be written.
    """
    kept: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            target = folder / _distinct(safe_name(file.name), {path.name for path in kept})
            partial = folder / f".{target.name}.part"
            shutil.move(file, partial)
            os.replace(partial, target)
            kept.append(target)
    except OSError as error:
        why = error.strerror or error
        raise StorageError(
            f"cannot keep the files in {folder} ({why}): free some space or check its permissions"
        ) from error
    return kept


def add_uploads(
    library: Library,
    embedder: Embedder,
    files: Sequence[Path],
    limits: Limits = DEFAULT_LIMITS,
    user: str = "",
) -> Iterator[Ledger]:
    """Add the files that a user uploaded to the library, and yield the ledger at every step."""
    uploads = library.path / UPLOADS
    try:
        paths = keep(files, uploads / private_folder(user) if user else uploads)
    except FootnoteError as error:
        yield Ledger(tuple(Line(file.name, "failed") for file in files), error=str(error))
        return
    ledger = Ledger(tuple(Line(path.name) for path in paths))
    yield ledger
    news: SimpleQueue[Progress | list[Outcome] | str] = SimpleQueue()
    threading.Thread(
        target=_work, args=(library, embedder, paths, news, limits), name="ingest", daemon=True
    ).start()
    while True:
        item = news.get()
        if isinstance(item, str):
            yield replace(ledger, error=item)
            return
        if isinstance(item, list):
            yield after_outcomes(ledger, item)
            return
        ledger = after_progress(ledger, item)
        yield ledger


def _work(
    library: Library,
    embedder: Embedder,
    paths: Sequence[Path],
    news: SimpleQueue[Progress | list[Outcome] | str],
    limits: Limits,
) -> None:
    from ingest.pipeline import add

    try:
        news.put(add(library, paths, embedder, limits=limits, on_progress=news.put))
    except FootnoteError as error:
        news.put(str(error))
    except Exception:  # the border of a request: the page must say something
        _LOG.exception("adding uploaded files failed")
        news.put(UNEXPECTED)


def _distinct(name: str, taken: set[str]) -> str:
    stem, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
    candidate, n = name, 2
    while candidate in taken:
        candidate, n = f"{stem} ({n}){dot}{suffix}", n + 1
    return candidate
