"""Documents of some lines whose vectors are drawn: cheap, always the same, and never near each other."""

from __future__ import annotations

import hashlib
import json

import numpy as np
from fakes import document

from rag.dense.chroma_server import UPKEEP_S, ChromaServer
from rag.library import Library
from rag.settings import Settings
from rag.types import Passage, Text

DIMENSIONS = 16


def drawn(name: str, n: int) -> np.ndarray:
    """Return the unit vectors of the lines of a document; shape (n, DIMENSIONS)."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    vectors = np.random.default_rng(seed).standard_normal((n, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def put_lines(library: Library, name: str, n: int = 5, version: int = 0) -> list[str]:
    """Store a document of `n` lines, and return the ids of its passages."""
    lines = [f"{name}.{version}.{i}" for i in range(n)]
    text = "\n".join(lines)
    passages, at = [], 0
    for line in lines:
        passages.append(Passage(line, name, line, at, at + len(line)))
        at += len(line) + 1
    vectors = drawn(f"{name}.{version}", n)
    library.put(document(name, text, n), Text(text, "text/plain"), passages, [""] * n, vectors)
    return lines


def lost_of(library: Library) -> list[str]:
    """Return the passages that do not find themselves through the library, or are found twice."""
    wrong = []
    for passage_id, vector in zip(*library.catalog.vectors(), strict=True):
        hits = [found for found, _ in library.search_dense(vector, 5)]
        if hits[:1] != [passage_id] or len(set(hits)) != len(hits):
            wrong.append(passage_id)
    return wrong


def served_state(library: Library) -> dict:
    """Return what the catalogue knows of the index on a server."""
    return json.loads(library.catalog.get_meta("index-served") or "{}")


def collections(settings: Settings, beginning: str = "footnote-") -> list[str]:
    """Return the collections on the server of the settings."""
    server = ChromaServer(settings, UPKEEP_S)
    names = server.names(beginning)
    server.close()
    return names


def in_collection(library: Library, settings: Settings) -> set[str]:
    """Return the ids in the library's collection."""
    server = ChromaServer(settings, UPKEEP_S)
    ids = server.open(served_state(library)["collection"]).ids()
    server.close()
    return ids
