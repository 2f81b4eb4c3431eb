"""Keeps the Chroma index equal to the catalogue, and answers without it while it is not."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.catalog import Catalog, Change
from rag.errors import StorageError
from rag.index import ChromaIndex, DenseIndex, ExactIndex, Hits
from rag.vectors import Matrix

Progress = Callable[[int, int], None]

MAX_DELETED_SHARE = 0.1
"""Deleted share above which the index is made again: HNSW loses records to repeated deletion."""

INDEX = "index"
"""Where the catalogue's facts hold what is known of the index."""

_log = logging.getLogger(__name__)


class IndexKeeper:
    """Opens Chroma only if its last writer closed it cleanly; otherwise makes it again from the catalogue.

    The catalogue remembers the index's folder, the generation it stands at, and whether it is in use: this
    mark is on disk before Chroma is touched, and is taken back only after Chroma has closed. The caller holds
    the library's writer lock while an index is open.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Answer by exact scan until `open` is called."""
        self._catalog = catalog
        self._exact = ExactIndex(catalog)
        self._chroma: ChromaIndex | None = None
        self._deleted = 0
        self._mutex = threading.RLock()

    @property
    def current(self) -> DenseIndex:
        """The index that answers now."""
        return self._chroma or self._exact

    def search(self, vector: Matrix, k: int) -> Hits:
        """Return the `k` nearest passages as (id, cosine), best first."""
        return self.current.search(vector, k)

    def open(self, progress: Progress | None = None) -> None:
        """Open Chroma and bring it up to the catalogue, or make it again."""
        with self._mutex:
            if self._chroma is None:
                self._chroma = self._reopened() or self._rebuilt(progress)

    def reopen(self) -> ChromaIndex | None:
        """Open Chroma as its last writer left it; None where it would have to be made again."""
        with self._mutex:
            if self._chroma is None:
                self._chroma = self._reopened()
            return self._chroma

    def rebuild(self, progress: Progress | None = None) -> None:
        """Make Chroma again from the catalogue, whatever state it is in.

        Raises:
            StorageError: the old index cannot be removed.
        """
        with self._mutex:
            self.close()
            self._chroma = self._rebuilt(progress)
            left = [folder for folder in index_folders(self._catalog.folder) if folder != self._chroma.folder]
        if left:
            raise StorageError(f"the old index {left[0]} cannot be removed: check who owns it, and remove it")

    def apply(self, change: Change) -> None:
        """Follow a change of the catalogue; an index that fails to is dropped, and the exact scan answers."""
        with self._mutex:
            if self._chroma is None:
                return
            try:
                self._follow(self._chroma, change)
            except Exception:  # Chroma raises many kinds; the catalogue has the truth, so none may be fatal
                _log.warning("the dense index failed and will be made again", exc_info=True)
                self._chroma = None

    def close(self) -> None:
        """Close Chroma, and then mark it as clean at the catalogue's generation."""
        with self._mutex:
            index, self._chroma = self._chroma, None
            if index is not None:
                generation = self._catalog.generation
                index.close()
                self._mark(index.folder, clean=True, generation=generation)

    def _follow(self, index: ChromaIndex, change: Change) -> None:
        index.remove(change.removed)
        index.add(change.added, change.vectors)
        self._deleted += len(change.removed)

    def _reopened(self) -> ChromaIndex | None:
        """Return the index that was closed cleanly, brought up to the catalogue, or None."""
        state: dict[str, Any] = json.loads(self._catalog.get_meta(INDEX) or "{}")
        if not state.get("clean"):
            return None
        folder = self._catalog.folder / state["folder"]
        self._deleted = state["deleted"]
        if not folder.is_dir() or self._deleted > MAX_DELETED_SHARE * self._catalog.n_passages:
            return None
        self._mark(folder, clean=False, generation=state["generation"])
        try:
            index = ChromaIndex(folder)
            n_passages = self._catalog.n_passages
            if state["generation"] != self._catalog.generation or index.count() != n_passages:
                self._follow(index, self._difference(index))
            return index if index.count() == n_passages else None
        except Exception:  # as above: whatever is wrong with the files, they can be made again
            _log.warning("the dense index in %s cannot be opened and is made again", folder, exc_info=True)
            return None

    def _difference(self, index: ChromaIndex) -> Change:
        have = index.ids()
        ids, vectors = self._catalog.vectors()
        missing = [i for i, passage_id in enumerate(ids) if passage_id not in have]
        return Change(tuple(have - set(ids)), tuple(ids[i] for i in missing), vectors[missing])

    def _rebuilt(self, progress: Progress | None) -> ChromaIndex:
        """Make a new index from the catalogue's vectors in a new folder, and delete the others."""
        old = index_folders(self._catalog.folder)
        numbers = [int(folder.name.rpartition("-")[2]) for folder in old if folder.name[7:].isdigit()]
        folder = self._catalog.folder / f"chroma-{max(numbers, default=0) + 1}"
        self._deleted = 0
        self._mark(folder, clean=False, generation=0)
        for each in old:
            shutil.rmtree(each, ignore_errors=True)  # what cannot go now goes at the next rebuild
        index = ChromaIndex(folder)
        ids, vectors = self._catalog.vectors()
        index.add(ids, vectors, progress)
        return index

    def _mark(self, folder: Path, *, clean: bool, generation: int) -> None:
        state = {"folder": folder.name, "clean": clean, "generation": generation, "deleted": self._deleted}
        self._catalog.set_meta({INDEX: json.dumps(state)})


def index_folders(folder: Path) -> list[Path]:
    """Return the folders of indexes in that of a library: one in use, and any left over."""
    return sorted(folder.glob("chroma-*"))
