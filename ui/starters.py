"""The starter documents: a few files of our own, to try Footnote with."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

FOLDERS = ("hmeimim", "guide")

_PLACES = (Path(__file__).parent / "starters", Path(__file__).parent.parent / "seeds")
"""Where they are in an installed package, and in a checkout."""


def starter_files() -> list[tuple[PurePosixPath, Path]]:
    """Return each starter document that there is: its path in the uploads of a library, and its file."""
    found = next((place for place in _PLACES if all((place / each).is_dir() for each in FOLDERS)), None)
    if found is None:
        return []
    files = (file for each in FOLDERS for file in sorted((found / each).iterdir()) if file.is_file())
    return [(PurePosixPath(file.parent.name, file.name), file) for file in files]
