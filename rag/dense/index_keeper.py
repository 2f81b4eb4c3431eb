"""Keeps the Chroma index equal to the catalogue, and answers without it while it is not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rag.aside import beside
from rag.catalog import Catalog, Change
from rag.dense.index import REPAIR, ChromaIndex, DenseIndex, ExactIndex, Hits
from rag.dense.index_files import index_folders, remove
from rag.dense.index_making import IndexMaker, abandon
from rag.errors import IndexDamaged, StorageError
from rag.progress import Tick
from rag.vectors import Matrix

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

    def __init__(self, catalog: Catalog, maker: IndexMaker | None = None) -> None:
        """Answer by exact scan until `open` is called."""
        self._catalog = catalog
        self._maker = maker or IndexMaker(catalog)
        self._exact = ExactIndex(catalog)
        self._chroma: ChromaIndex | None = None
        self._mutex = threading.RLock()

    @property
    def current(self) -> DenseIndex:
        """The index that answers now."""
        return self._chroma or self._exact

    def begin(self, vector: Matrix, k: int) -> Callable[[], Hits]:
        """Begin to search; what is returned waits for the `k` nearest passages, best first."""
        index = self._chroma
        if index is None:
            return partial(self._exact.search, vector, k)
        begun = beside(partial(index.search, vector, k))

        def found() -> Hits:
            try:
                return begun()
            except Exception as error:  # Chroma raises many kinds; none may cost an answer
                self._give_up(index, error)
                return self._exact.search(vector, k)

        return found

    def open(self, progress: Tick | None = None) -> None:
        """Open Chroma and bring it up to the catalogue, or make it again.

        Raises:
            StorageError: the catalogue cannot note that the index is in use.
        """
        with self._mutex:
            if self._chroma is None:
                self._chroma = self._maker.reopened() or self._maker.remade(progress)

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
            state = self._maker.records.read()
            if "clean" not in state:
                return None
            if not state["clean"]:
                raise IndexDamaged("its last writer was stopped before it closed it", advice=REPAIR)
            if not (self._catalog.folder / state["folder"]).is_dir():
                raise IndexDamaged(f"its folder {state['folder']} is gone", advice=REPAIR)
            if self._maker.worn(state["deleted"]):
                return None  # it is made again at the next opening, as it should be
            self._chroma = self._maker.reopened()
            if self._chroma is None:
                raise IndexDamaged(f"its files in {state['folder']} are damaged", advice=REPAIR)
            return self._chroma

    def told(self) -> str:
        """Return in words how large it is."""
        files = (file for folder in index_folders(self._catalog.folder) for file in folder.rglob("*"))
        return f"index {sum(file.stat().st_size for file in files if file.is_file()) / 1e6:,.1f} MB"

    def rebuild(self, progress: Tick | None = None) -> None:
        """Make Chroma again from the catalogue, whatever state it is in.

        Raises:
            StorageError: the old index cannot be removed.
        """
        with self._mutex:
            self.close()
            self._chroma = self._maker.remade(progress)
            self._check_removed(self._chroma.folder if self._chroma else None)

    def discard(self) -> None:
        """Remove the files of Chroma; the exact scan answers until it is opened, and made again.

        Raises:
            StorageError: they cannot be removed.
        """
        with self._mutex:
            self.close()
            last = self._maker.records.read().get("folder")
            self._maker.records.write({"folder": last} if last else {})
            remove(index_folders(self._catalog.folder))
            self._check_removed(None)

    def apply(self, change: Change) -> None:
        """Follow a change of the catalogue; an index that fails to is dropped, and the exact scan answers."""
        with self._mutex:
            index = self._chroma
            if index is None:
                return
            try:
                self._maker.follow(index, change)
            except Exception as error:  # the catalogue has the truth, so none may be fatal
                self._give_up(index, error)

    def close(self) -> None:
        """Close Chroma, and then mark it as clean at the catalogue's generation, with its checksums."""
        with self._mutex:
            index, self._chroma = self._chroma, None
            if index is None:
                return
            try:
                self._maker.shut(index)
            except Exception as error:  # then it stays marked as in use
                _log.warning("the dense index was not closed and will be made again: %s", error)

    def _check_removed(self, kept: Path | None) -> None:
        left = [folder for folder in index_folders(self._catalog.folder) if folder != kept]
        if left:
            raise StorageError(f"the old index {left[0]} cannot be removed: check who owns it, and remove it")

    def _give_up(self, index: ChromaIndex, error: Exception) -> None:
        with self._mutex:
            if self._chroma is index:  # else it was closed meanwhile, or another thread was first
                self._chroma = None
                _log.warning("the dense index failed and will be made again: %s", error)
                abandon(index)
