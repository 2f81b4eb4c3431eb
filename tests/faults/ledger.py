"""What a library must hold after a fault, and whether it does."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from workload import NAMES, HashEmbedder, identity, sha256, small_index_steps, text_of, words

from rag.library import Library
from rag.text.words import terms
from rag.types import Document


@dataclass
class Ledger:
    """For each document the versions that it may have now; 0 is none. `embedder` made the vectors."""

    files: Path
    versions: dict[str, set[int]] = field(default_factory=lambda: {name: {0} for name in NAMES})
    embedder: type[HashEmbedder] = HashEmbedder

    def hear(self, kind: str, name: str, version: int) -> None:
        """Follow a child: what it has begun may be there, what it has acknowledged must be."""
        if kind == "begin":
            self.versions[name].add(version)
        elif kind == "done":
            self.versions[name] = {version}

    def check(self, library: Library) -> list[str]:
        """Return what is wrong with the catalogue, and settle which versions there are."""
        wrong = []
        known = {document.id: document for document in library.documents()}
        for name in NAMES:
            found = known.pop(identity(self.files, name), None)
            version = self._version(name, found)
            if version is None:
                wrong.append(f"lost: {name} should be one of {self.versions[name]}, and is {found}")
                continue
            self.versions[name] = {version}
            if found:
                wrong += _document(library, found, name, version, self.embedder())
        wrong += [f"unknown: {document}" for document in known.values()]
        return wrong + _rows(library)

    def _version(self, name: str, found: Document | None) -> int | None:
        for version in self.versions[name]:
            if found is None and version == 0:
                return 0
            if found is not None and version and found.sha256 == sha256(name, version):
                return version
        return None


def _document(
    library: Library, found: Document, name: str, version: int, embedder: HashEmbedder
) -> list[str]:
    """Return what is wrong with one document: its text, its passages, their vectors, and the ways to them."""
    wrong = []
    text = text_of(name, version)
    if (found.status, library.text(found.id)) != ("ready", text):
        wrong.append(f"half: {name} has another text")
    ids, _ = library.catalog.vectors()
    every = library.catalog.passages(ids)
    mine = [passage for passage in every.values() if passage.document_id == found.id]
    if len(mine) != found.n_passages or not mine:
        wrong.append(f"half: {name} has {len(mine)} of {found.n_passages} passages")
    if any(text[passage.start : passage.end] != passage.text for passage in mine):
        wrong.append(f"half: {name} has passages of another text")
    for word in words(name, version):
        hits = library.catalog.search(terms(word), 5)
        if {every[i].document_id for i, _ in hits if i in every} != {found.id}:
            wrong.append(f"lost: '{word}' finds {len(hits)} passages")
    for (context, passage), vector in library.catalog.embedded(found.id).items():
        [made] = embedder.embed([f"{context}\n{passage}"])
        if not np.array_equal(made, vector):
            wrong.append(f"half: a passage of {name} has the vector of another")
    return wrong


def _rows(library: Library) -> list[str]:
    """Return what is wrong between the tables: orphans, doubles, a lexical index that differs."""
    with library.catalog._read() as connection:
        count = {
            table: connection.scalar(sa.text(f"SELECT count(*) FROM {table}"))  # noqa: S608
            for table in ("passages", "vectors", "passage_index_docsize")
        }
        twice = connection.scalar(sa.text("SELECT count(*) - count(DISTINCT id) FROM vectors"))
        orphans = connection.execute(sa.text("PRAGMA foreign_key_check")).all()
        texts = connection.scalar(sa.text("SELECT count(*) FROM texts"))
    wrong = [f"twice: {twice} passages"] if twice else []
    if len(set(count.values())) != 1 or orphans:
        wrong.append(f"half: {count}, orphans {orphans}")
    if texts != len(library.documents()):
        wrong.append(f"half: {texts} texts for {len(library.documents())} documents")
    return wrong


def check_index(library: Library) -> list[str]:
    """Open the index, and return where it differs from the catalogue."""
    small_index_steps()
    ids, vectors = library.catalog.vectors()
    wrong = _nearest(library, ids, vectors, "exact scan")
    library.open_index()
    if json.loads(library.catalog.get_meta("index") or "{}")["clean"]:
        wrong.append("the index is in use, and marked as clean")
    chroma = library._index._chroma
    if chroma is None:
        return [*wrong, "there is no index"]
    held = chroma._collection.get(include=["embeddings"])
    if Counter(held["ids"]) != Counter(ids):
        wrong.append(f"the index has {len(held['ids'])} passages, the catalogue {len(ids)}")
    place = {passage_id: i for i, passage_id in enumerate(ids)}
    for passage_id, vector in zip(held["ids"], held["embeddings"], strict=True):
        if passage_id in place and not np.allclose(vector, vectors[place[passage_id]], atol=1e-6):
            wrong.append(f"the index has another vector for {passage_id}")
    with library.catalog._write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO passage_index(passage_index, rank) VALUES('integrity-check', 1)"
        )
    return wrong + _nearest(library, ids, vectors, "index")


def _nearest(library: Library, ids: list[str], vectors: np.ndarray, where: str) -> list[str]:
    """Return the passages that do not find themselves."""
    wrong = []
    for passage_id, vector in zip(ids, vectors, strict=True):
        hits = [found for found, _ in library.search_dense(vector, 3)]
        if hits[:1] != [passage_id] or len(set(hits)) != len(hits):
            wrong.append(f"the {where} does not find {passage_id}")
    return wrong
