"""What is below a folder: hidden files and links to folders are passed over."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.files import leads_out
from rag.text.naming import absolute


@dataclass(slots=True)
class Listing:
    """What a walk of a folder found.

    Attributes:
        files: every file that is not hidden, in order.
        passed_over: what is there and was not looked into: hidden files and folders, links to folders.
        leading_out: files that are links to what lies outside of the folders; they are not to be followed.
        unlisted: folders that could not be looked into, and why.
    """

    files: list[Path] = field(default_factory=list)
    passed_over: set[Path] = field(default_factory=set)
    leading_out: set[Path] = field(default_factory=set)
    unlisted: dict[Path, str] = field(default_factory=dict)


def walk(folder: Path, *, without: Path | None = None) -> Listing:
    """Return what is below a folder, but for what is below `without`: the library's own folder."""
    listing = Listing()

    def unlisted(error: OSError) -> None:
        listing.unlisted[Path(error.filename)] = (error.strerror or str(error)).lower()

    for at, folders, files in os.walk(folder, onerror=unlisted):
        here = Path(at)
        shut = {name for name in folders if _is_hidden(name) or (here / name).is_symlink()}
        if without is not None and without.name in folders and _is_same(here / without.name, without):
            shut.add(without.name)
        folders[:] = sorted(set(folders) - shut)
        hidden = {name for name in files if _is_hidden(name)}
        listing.files += (here / name for name in sorted(set(files) - hidden))
        listing.passed_over |= {here / name for name in shut | hidden}
    return listing


def find(paths: Sequence[Path], *, without: Path | None = None) -> Listing:
    """Return the files at and below the given paths, each once; hidden ones only where they are named."""
    found = Listing()
    for path in paths:
        named = absolute(path)
        below = walk(named, without=without) if named.is_dir() else Listing([named])
        found.files += below.files
        found.passed_over |= below.passed_over
        found.unlisted |= below.unlisted
    found.files = list(dict.fromkeys(found.files))
    named_paths = [absolute(path) for path in paths]
    found.leading_out = {file for file in found.files if leads_out(file, named_paths)}
    return found


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$"))


def _is_same(folder: Path, other: Path) -> bool:
    return folder.resolve() == other.resolve()
