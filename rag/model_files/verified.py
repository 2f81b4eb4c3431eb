"""Files whose hash was checked once, and the stamp that remembers it.

Hashing a gigabyte takes seconds, too many for every start. So a stamp beside the files keeps the size, time
and hash of what was found right, and a file is hashed again only when these differ.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.model_files.places import File, Meter
from rag.progress import Progress

STAMP = ".verified.json"


def first_wrong(folder: Path, files: Sequence[File], progress: Progress | None = None) -> File | None:
    """Return the first of `files` in `folder` that has not its size and hash, None when all are right.

    Raises:
        OSError: a file cannot be read.
    """
    stamp = _read_stamp(folder)
    seen: dict[str, Any] = {}
    for file in files:
        path = folder / file.name
        facts = path.stat()
        seen[file.name] = _facts(facts, file)
        if stamp.get(file.name) != seen[file.name]:
            meter = Meter(progress, f"checking {file.name}", file.size)
            if facts.st_size != file.size or sha256_of(path, meter.at) != file.sha256:
                return file
    if seen != stamp:
        _write_stamp(folder, seen)
    return None


def remember(folder: Path, file: File) -> None:
    """Note that `file` in `folder` has just been found right."""
    facts = (folder / file.name).stat()
    _write_stamp(folder, _read_stamp(folder) | {file.name: _facts(facts, file)})


def sha256_of(path: Path, report: Callable[[int], None] = lambda done: None) -> str:
    """Return the SHA-256 of a file in hexadecimal, reporting the bytes read so far."""
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as stream:
        while block := stream.read(4 * 1024 * 1024):
            digest.update(block)
            done += len(block)
            report(done)
    return digest.hexdigest()


def _facts(facts: os.stat_result, file: File) -> list[Any]:
    return [facts.st_size, facts.st_mtime_ns, file.sha256]


def _read_stamp(folder: Path) -> dict[str, Any]:
    try:
        stamp = json.loads((folder / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(folder: Path, seen: dict[str, Any]) -> None:
    temporary = folder / f"{STAMP}.{os.getpid()}"
    with suppress(OSError):  # in a folder that we may only read, every start checks again, and works
        temporary.write_text(json.dumps(seen), "utf-8")
        temporary.replace(folder / STAMP)
