"""The folders of indexes in that of a library."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from rag.storage.seal import is_as_left


def index_folders(folder: Path) -> list[Path]:
    """Return the folders of indexes in that of a library: one in use, and any left over."""
    return sorted(folder.glob("chroma-*"))


def remove(folders: Sequence[Path]) -> None:
    """Remove folders as far as that can be done."""
    for each in folders:
        shutil.rmtree(each, ignore_errors=True)


def is_whole(folder: Path, files: dict[str, str]) -> bool:
    """Return whether the files of an index have these sums; none that cannot be read has."""
    try:
        return is_as_left(folder, files)
    except OSError:
        return False
