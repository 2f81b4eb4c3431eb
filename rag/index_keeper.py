"""Keeps the Chroma index equal to the catalogue, and answers without it while it is not."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from rag.catalog import Catalog, Change
from rag.errors import IndexDamaged, LibraryIncompatible, StorageError
from rag.index import REPAIR, ChromaIndex, DenseIndex, ExactIndex, Hits, steps
from rag.index_files import index_folders, is_whole, remove
from rag.index_records import IndexRecords
from rag.seal import folder_sums
from rag.vectors import Matrix

Progress = Callable[[int, int], None]

MAX_DELETED_SHARE = 0.1
"""Deleted share above which the index is made again: HNSW loses records to repeated deletion."""

_AT_ONCE = 4000
"""Vectors read and added together: 6 MB of 384 dimensions."""

_log = logging.getLogger(__name__)


class IndexKeeper:
    """Opens Chroma only if its last writer closed it cleanly; otherwise makes it again from the catalogue.

    The catalogue remembers the index's folder, the generation it stands at, and whether it is in use: this
    mark is on disk before Chroma is touched, and is taken back only after Chroma has closed. With it goes a
    checksum of each file: Chroma itself does not notice a flipped bit, and may not survive one. The caller
    holds the library's writer lock while an index is open.

    Whatever goes wrong with Chroma costs time and nothing else: the exact scan answers until the index has
    been made again.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Answer by exact scan until `open` is called."""
        self._catalog = catalog
        self._records = IndexRecords(catalog)
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
        index = self._chroma
        if index is not None:
            try:
                return index.search(vector, k)
            except Exception as error:  # Chroma raises many kinds; none may cost an answer
                self._give_up(index, error)
        return self._exact.search(vector, k)

    def open(self, progress: Progress | None = None) -> None:
        """Open Chroma and bring it up to the catalogue, or make it again.

        Raises:
            StorageError: the catalogue cannot note that the index is in use.
        """
        with self._mutex:
            if self._chroma is None:
                self._chroma = self._reopened() or self._rebuilt(progress)

    def attach(self) -> bool:
        """Return that only a writer can open it: Chroma writes wherever it is opened."""
        return False

    def inspect(self) -> ChromaIndex | None:
        """Open Chroma as its last writer left it; None where it is yet to be made.

        Raises:
            IndexDamaged: it has to be made again.
        """
        with self._mutex:
            self.close()
            state = self._records.read()
            if "clean" not in state:
                return None
            if not state["clean"]:
                raise IndexDamaged("its last writer was stopped before it closed it", advice=REPAIR)
            if not (self._catalog.folder / state["folder"]).is_dir():
                raise IndexDamaged(f"its folder {state['folder']} is gone", advice=REPAIR)
            if state["deleted"] > MAX_DELETED_SHARE * self._catalog.n_passages:
                return None  # it is made again at the next opening, as it should be
            self._chroma = self._reopened()
            if self._chroma is None:
                raise IndexDamaged(f"its files in {state['folder']} are damaged", advice=REPAIR)
            return self._chroma

    def told(self) -> str:
        """Return in words how large it is."""
        files = (file for folder in index_folders(self._catalog.folder) for file in folder.rglob("*"))
        return f"index {sum(file.stat().st_size for file in files if file.is_file()) / 1e6:,.1f} MB"

    def rebuild(self, progress: Progress | None = None) -> None:
        """Make Chroma again from the catalogue, whatever state it is in.

        Raises:
            StorageError: the old index cannot be removed.
        """
        with self._mutex:
            self.close()
            self._chroma = self._rebuilt(progress)
            self._check_removed(self._chroma.folder if self._chroma else None)

    def discard(self) -> None:
        """Remove the files of Chroma; the exact scan answers until it is opened, and made again.

        Raises:
            StorageError: they cannot be removed.
        """
        with self._mutex:
            self.close()
            last = self._records.read().get("folder")
            self._records.write({"folder": last} if last else {})
            remove(index_folders(self._catalog.folder))
            self._check_removed(None)

    def apply(self, change: Change) -> None:
        """Follow a change of the catalogue; an index that fails to is dropped, and the exact scan answers."""
        with self._mutex:
            index = self._chroma
            if index is None:
                return
            try:
                self._follow(index, change)
            except Exception as error:  # the catalogue has the truth, so none may be fatal
                self._give_up(index, error)

    def close(self) -> None:
        """Close Chroma, and then mark it as clean at the catalogue's generation, with its checksums."""
        with self._mutex:
            index, self._chroma = self._chroma, None
            if index is None:
                return
            try:
                generation, last = self._stands_at()
                index.close()
                self._mark(index.folder, generation=generation, last=last, files=folder_sums(index.folder))
            except Exception as error:  # then it stays marked as in use
                _log.warning("the dense index was not closed and will be made again: %s", error)

    def _stands_at(self) -> tuple[int, int | None]:
        """Return the generation that the index has followed, and the highest number of a passage then."""
        return self._catalog.generation, self._catalog.last_number

    def _check_removed(self, kept: Path | None) -> None:
        left = [folder for folder in index_folders(self._catalog.folder) if folder != kept]
        if left:
            raise StorageError(f"the old index {left[0]} cannot be removed: check who owns it, and remove it")

    def _give_up(self, index: ChromaIndex, error: Exception) -> None:
        with self._mutex:
            if self._chroma is index:  # else it was closed meanwhile, or another thread was first
                self._chroma = None
                _log.warning("the dense index failed and will be made again: %s", error)
                _abandon(index)

    def _follow(self, index: ChromaIndex, change: Change) -> None:
        index.remove(change.removed)
        index.add(change.added, change.vectors)
        self._deleted += len(change.removed)

    def _reopened(self) -> ChromaIndex | None:
        """Return the index that was closed cleanly, brought up to the catalogue, or None."""
        state = self._records.read()
        if not state.get("clean"):
            return None
        folder = self._catalog.folder / state["folder"]
        self._deleted = state["deleted"]
        if self._deleted > MAX_DELETED_SHARE * self._catalog.n_passages:
            return None
        if not is_whole(folder, state.get("files") or {}):
            _log.warning("the dense index in %s is damaged and is made again", folder)
            return None
        self._mark(folder, generation=state["generation"])
        index = None
        try:
            index = ChromaIndex(folder)
            n_passages = self._catalog.n_passages
            if state["generation"] != self._catalog.generation or index.count() != n_passages:
                self._catch_up(index, state.get("last"), n_passages)
            if index.count() == n_passages:
                return index
            _log.warning("the dense index in %s lacks passages and is made again", folder)
        except Exception as error:  # whatever is wrong with the files, they can be made again
            _log.warning("the dense index in %s cannot be opened and is made again: %s", folder, error)
        _abandon(index)
        return None

    def _catch_up(self, index: ChromaIndex, last: int | None, n_passages: int) -> None:
        """Bring an index up to the catalogue.

        Passages that came since have higher numbers than `last`. Only where that is not known, or the count
        is wrong then because some went, are all ids compared: that takes 0.4 s at 100,000 passages.
        """
        if last is not None:
            self._fill(index, self._catalog.passage_ids(after=last))
        if last is None or index.count() != n_passages:
            have, ids = index.ids(), self._catalog.passage_ids()
            gone = have.difference(ids)
            index.remove(tuple(gone))
            self._deleted += len(gone)
            self._fill(index, [each for each in ids if each not in have])

    def _fill(self, index: ChromaIndex, ids: Sequence[str], progress: Progress | None = None) -> None:
        """Add passages to an index, a few at a time: all vectors of a library are too many for the memory."""
        for at in range(0, len(ids), _AT_ONCE):
            index.add(*self._catalog.vectors(ids[at : at + _AT_ONCE]))
            if progress:
                progress(min(at + _AT_ONCE, len(ids)), len(ids))

    def _rebuilt(self, progress: Progress | None) -> ChromaIndex | None:
        """Make a new index from the catalogue's vectors in a new folder, and delete the others.

        Its name is one that was never used: Chroma goes on with what it remembers of a folder that is gone.
        """
        old = index_folders(self._catalog.folder)
        last: str = self._records.read().get("folder", "")
        numbers = [int(name[7:]) for name in (last, *(each.name for each in old)) if name[7:].isdigit()]
        folder = self._catalog.folder / f"chroma-{max(numbers, default=0) + 1}"
        self._deleted = 0
        self._mark(folder, generation=0)
        remove(old)  # what cannot go now goes at the next rebuild
        index = None
        try:
            ids = self._catalog.passage_ids()
            step = steps(len(ids))
            index = ChromaIndex(folder, step)
            for at in range(0, len(ids), step):  # no batch lies across two steps
                self._fill(index, ids[at : at + step], progress and partial(_further, progress, at, len(ids)))
            index.made()
            return index
        except LibraryIncompatible:
            _abandon(index)
            raise
        except Exception as error:  # a full disk, most of all
            _log.warning("the dense index cannot be made, an exact scan answers: %s", error)
        _abandon(index)
        shutil.rmtree(folder, ignore_errors=True)
        return None

    def _mark(
        self, folder: Path, *, generation: int, last: int | None = None, files: dict[str, str] | None = None
    ) -> None:
        """Note where the index is and what it stands at: clean with its `files` and `last`, else in use."""
        state = {"folder": folder.name, "clean": files is not None, "generation": generation, "last": last}
        self._records.write(state | {"deleted": self._deleted, "files": files or {}})


def _abandon(index: ChromaIndex | None) -> None:
    """Give the files of a broken index back as far as Chroma still can."""
    if index is not None:
        with suppress(Exception):
            index.close()


def _further(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)
