"""By which names a document is known: its id, its uri, the path and the name of its file, and its title."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from rag.types import Document

_LEAST = 4
"""Characters of an id that stand for it."""


def named(name: str, documents: Iterable[Document]) -> list[Document]:
    """Return the documents that a name fits.

    An id, a uri and a path go before the name of a file and a title, and these before the beginning of an id.
    """
    path, every = absolute(Path(name)), list(documents)
    found = [d for d in every if name in (d.id, d.uri) or path == path_of(d.uri)]
    found = found or [d for d in every if name in (d.title, unquote(d.uri).rpartition("/")[2])]
    return found or [d for d in every if len(name) >= _LEAST and d.id.startswith(name)]


def path_of(uri: str) -> Path | None:
    """Return the path of a file uri, or None for any other."""
    parts = urlsplit(uri)
    return Path(os.fsdecode(unquote_to_bytes(parts.path))) if parts.scheme == "file" else None


def absolute(path: Path) -> Path:
    """Return the one path by which a library knows a file: from the root, without ``..``; links stay."""
    named = path.expanduser().absolute()
    if ".." not in named.parts:
        return named
    plain = Path(os.path.normpath(named))
    try:
        return plain if plain.samefile(named) else named.resolve()
    except OSError:  # not there, or `..` behind a link: what the system would open
        return named.resolve() if named.exists() else plain
