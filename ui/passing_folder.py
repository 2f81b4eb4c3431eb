"""A folder for files that this process needs for a while."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


def passing_folder(owner: object) -> Path:
    """Return a new folder, which goes with its owner, at the latest when this process ends."""
    folder = tempfile.mkdtemp(prefix="footnote-")
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
