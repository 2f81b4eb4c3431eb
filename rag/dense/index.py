"""The dense index: derived from the catalogue, disposable, made again at any time.

The implementations answer the same questions: `ExactIndex` scans the catalogue's vectors, `CollectionIndex`
asks Chroma's HNSW graph, and `ChromaIndex` is such a graph in a folder of its own.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rag.catalog import Catalog
from rag.progress import Tick
from rag.vectors import Matrix

Hits = list[tuple[str, float]]

REPAIR = "run 'footnote check --repair'"
"""What to do about an index that is damaged."""

HNSW: dict[str, Any] = {
    "space": "cosine",
    "ef_construction": 200,
    "max_neighbors": 32,
}
"""Settings of the graph that Chroma makes.

Of the true hundred nearest of 100,000 passages it finds .99 to 1.00; with 16 neighbours and a search among
200, which are fast for ten, it found .87. Making it takes as long, a search some 5 ms more.
"""

NARROWEST, WIDEST, PER_PASSAGES = 800, 8000, 200
"""Among how many a graph is searched, from the least to the most, and of how many passages one of them.

Of the true ten and hundred nearest of a million passages a search among 800 finds .91 and .85 in 12 ms, among
4,000 .98 and .96 in 40 ms, among 8,000 .99 and .97 in 68 ms.
"""

SYNC = 1000
"""Vectors after which Chroma writes its whole graph to the disk; what came since is put in again when it is
opened, in about a millisecond each."""

MOST_SYNCS = 8
"""Times that it is written while it is made: by the thousand, a million vectors would be written 500 times
over."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How much goes to Chroma at once: at most `rows` records, and `payload` bytes where there is a wire."""

    rows: int = 4000
    payload: int | None = None

    def stored_at_once(self, dimensions: int) -> int:
        """Return how many vectors are stored at once: a number takes 5.4 bytes in base64."""
        return self._at_once(5.4 * dimensions + 64)

    def asked_at_once(self, dimensions: int) -> int:
        """Return how many vectors are searched for at once: a number takes 22 bytes as text."""
        return self._at_once(22.0 * dimensions)

    def _at_once(self, n_bytes: float) -> int:
        return self.rows if self.payload is None else max(1, min(self.rows, int(self.payload / n_bytes)))


LOCAL = Wire()
"""Chroma in this process refuses batches above 5,461 (measured with 1.5.9)."""


_LISTED = 50_000
"""Ids that are listed at once: 1.4 MB. Chroma passes over those before them one by one, so not too few."""


class DenseIndex(Protocol):
    """Finds the passages whose vectors are nearest to a question's."""

    def search(self, vector: Matrix, k: int) -> Hits:
        """Return the `k` nearest passages as (id, cosine), best first."""
        ...


class ExactIndex:
    """Compares the question with every vector of the catalogue; kept in memory for one generation."""

    def __init__(self, catalog: Catalog) -> None:
        """Read nothing yet."""
        self._catalog = catalog
        self._lock = threading.Lock()
        self._held: tuple[int, list[str], Matrix] | None = None

    def search(self, vector: Matrix, k: int) -> Hits:
        """Return the `k` nearest passages as (id, cosine), best first."""
        ids, matrix = self._vectors()
        if not ids:
            return []
        cosines = matrix @ vector
        best = np.argsort(-cosines, kind="stable")[:k]
        return [(ids[i], float(cosines[i])) for i in best]

    def _vectors(self) -> tuple[list[str], Matrix]:
        with self._lock:
            generation = self._catalog.generation
            if self._held is None or self._held[0] != generation:
                self._held = (generation, *self._catalog.vectors())
            return self._held[1], self._held[2]


def width(count: int) -> int:
    """Return among how many a graph of `count` vectors is searched; in thousands: it seldom changes."""
    return min(WIDEST, max(NARROWEST, count // PER_PASSAGES // 1000 * 1000))


def settings_for(count: int) -> Any:
    """Return the settings of a graph that is to hold `count` vectors."""
    return {"hnsw": HNSW | {"ef_search": width(count), "sync_threshold": steps(count)}}


def steps(count: int) -> int:
    """Return after how many vectors to write a graph that is to hold `count`: so that nearly none is left.

    What is not written would be put in again at each opening.
    """
    return max(SYNC, count // MOST_SYNCS)


@contextmanager
def _quiet() -> Iterator[None]:
    """Let Chroma not warn of a collection that embeds nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


class CollectionIndex:
    """A collection of Chroma's, wherever that is. Vectors are always passed in: Chroma never embeds."""

    def __init__(self, collection: Any, wire: Wire = LOCAL) -> None:
        """Use an open collection that was made with `HNSW`."""
        self._collection = collection
        self._wire = wire

    def search(self, vector: Matrix, k: int) -> Hits:
        """Return the `k` nearest passages as (id, cosine), best first."""
        return self.search_many(vector[None], k)[0]

    def search_many(self, vectors: Matrix, k: int) -> list[Hits]:
        """Return the `k` nearest passages for each of the vectors; shape (n, dimensions)."""
        if not k or not len(vectors):
            return [[] for _ in vectors]
        every: list[Hits] = []
        step = self._wire.asked_at_once(vectors.shape[1])
        for at in range(0, len(vectors), step):
            asked = vectors[at : at + step]
            found: Any = self._collection.query(query_embeddings=asked, n_results=k, include=["distances"])
            every += (
                [(i, 1.0 - float(d)) for i, d in zip(ids, distances, strict=True)]
                for ids, distances in zip(found["ids"], found["distances"], strict=True)
            )
        return every

    def count(self) -> int:
        """Return how many vectors there are."""
        return int(self._collection.count())

    def ids(self) -> set[str]:
        """Return the ids of all vectors, asked for some at a time; what comes or goes meanwhile may lack."""
        found: list[str] = []
        page = [""]
        while page:
            page = self._collection.get(include=[], limit=_LISTED, offset=len(found))["ids"]
            found += page
        return set(found)

    def lacking(self, ids: Sequence[str]) -> list[str]:
        """Return those of the ids that are not in it."""
        there: set[str] = set()
        for at in range(0, len(ids), self._wire.rows):
            asked = list(ids[at : at + self._wire.rows])
            there.update(self._collection.get(ids=asked, include=[])["ids"])
        return [each for each in ids if each not in there]

    def add(self, ids: Sequence[str], vectors: Matrix, progress: Tick | None = None) -> None:
        """Add vectors of shape (n, dimensions); those whose ids are there stay as they are."""
        step = self._wire.stored_at_once(vectors.shape[-1])
        for at in range(0, len(ids), step):
            self._collection.add(ids=list(ids[at : at + step]), embeddings=vectors[at : at + step])
            if progress:
                progress(min(at + step, len(ids)), len(ids))

    def remove(self, ids: Sequence[str]) -> None:
        """Remove vectors; ids that are not there are passed over."""
        for at in range(0, len(ids), self._wire.rows):
            self._collection.delete(ids=list(ids[at : at + self._wire.rows]))

    def made(self) -> None:
        """From the next opening on, write the graph after as many changes as usual."""
        self._set(sync_threshold=SYNC)

    def widen(self, count: int) -> None:
        """Search as widely as `count` vectors need: before the first search, or from the next opening on."""
        if self.width() < width(count):
            self._set(ef_search=width(count))

    def width(self) -> int:
        """Return among how many the graph is searched from its next opening on."""
        with _quiet():
            return int(self._collection.configuration["hnsw"]["ef_search"])

    def _set(self, **values: int) -> None:
        with _quiet():
            self._collection.modify(configuration={"hnsw": values})


class ChromaIndex(CollectionIndex):
    """The collection in `folder`, in this process."""

    def __init__(self, folder: Path, count: int = 0) -> None:
        """Open the collection, or make one that is to hold `count` vectors."""
        import chromadb
        from chromadb.config import Settings

        quiet = Settings(anonymized_telemetry=False)
        self.folder = folder
        self._client: Any = chromadb.PersistentClient(str(folder), settings=quiet)
        collection = self._client.get_or_create_collection(
            "passages",
            embedding_function=None,
            configuration=settings_for(count),
        )
        super().__init__(collection)

    def close(self) -> None:
        """Write everything out and give the files back."""
        self._client.close()
