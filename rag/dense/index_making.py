"""Opens the Chroma index of a library and brings it up to the catalogue, or makes it again from that."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from rag.catalog import Catalog, Change
from rag.dense.index import ChromaIndex, steps
from rag.dense.index_files import index_folders, is_whole, remove
from rag.dense.index_records import IndexRecords
from rag.errors import LibraryIncompatible
from rag.progress import Tick
from rag.storage.seal import folder_sums

MAX_DELETED_SHARE = 0.1
"""Deleted share above which the index is made again: HNSW loses records to repeated deletion."""

_AT_ONCE = 4000
"""Vectors read and added together: 6 MB of 384 dimensions."""

_log = logging.getLogger(__name__)


class IndexMaker:
    """Opens and makes indexes in the library's folder, and notes what they stand at. One thread at a time."""

    def __init__(self, catalog: Catalog) -> None:
        """Touch nothing yet."""
        self.records = IndexRecords(catalog)
        self.deleted = 0
        """Passages that were taken out of the index since it was made."""
        self._catalog = catalog

    def reopened(self) -> ChromaIndex | None:
        """Return the index that was closed cleanly, brought up to the catalogue, or None."""
        state = self.records.read()
        if not state.get("clean"):
            return None
        folder = self._catalog.folder / state["folder"]
        self.deleted = state["deleted"]
        if self.worn(self.deleted):
            return None
        if not is_whole(folder, state.get("files") or {}):
            _log.warning("the dense index in %s is damaged and is made again", folder)
            return None
        self._mark(folder, generation=state["generation"])
        index = None
        try:
            index = ChromaIndex(folder)
            n_passages = self._catalog.n_passages
            index.widen(n_passages)
            if state["generation"] != self._catalog.generation or index.count() != n_passages:
                self._catch_up(index, state.get("last"), n_passages)
            if index.count() == n_passages:
                return index
            _log.warning("the dense index in %s lacks passages and is made again", folder)
        except Exception as error:  # whatever is wrong with the files, they can be made again
            _log.warning("the dense index in %s cannot be opened and is made again: %s", folder, error)
        abandon(index)
        return None

    def follow(self, index: ChromaIndex, change: Change) -> None:
        """Take out of an index what went, and put in what came."""
        index.remove(change.removed)
        index.add(change.added, change.vectors)
        self.deleted += len(change.removed)

    def remade(self, progress: Tick | None) -> ChromaIndex | None:
        """Make a new index from the catalogue's vectors in a new folder, and delete the others.

        Its name is one that was never used: Chroma goes on with what it remembers of a folder that is gone.
        """
        old = index_folders(self._catalog.folder)
        last: str = self.records.read().get("folder", "")
        numbers = [int(name[7:]) for name in (last, *(each.name for each in old)) if name[7:].isdigit()]
        folder = self._catalog.folder / f"chroma-{max(numbers, default=0) + 1}"
        self.deleted = 0
        self._mark(folder, generation=0)
        remove(old)  # what cannot go now goes at the next rebuild
        index = None
        try:
            ids = self._catalog.passage_ids()
            step = steps(len(ids))
            index = ChromaIndex(folder, len(ids))
            for at in range(0, len(ids), step):  # no batch lies across two steps
                self._fill(index, ids[at : at + step], progress and partial(_further, progress, at, len(ids)))
            index.made()
            return index
        except LibraryIncompatible:
            abandon(index)
            raise
        except Exception as error:  # a full disk, most of all
            _log.warning("the dense index cannot be made, an exact scan answers: %s", error)
        abandon(index)
        shutil.rmtree(folder, ignore_errors=True)
        return None

    def worn(self, deleted: int) -> bool:
        """Return whether so many were taken out of an index that it is to be made again."""
        return deleted > MAX_DELETED_SHARE * self._catalog.n_passages

    def shut(self, index: ChromaIndex) -> None:
        """Close an index, and then mark it as clean at what it stands at, with its checksums."""
        generation, last = self._stands_at()
        index.close()
        self._mark(index.folder, generation=generation, last=last, files=folder_sums(index.folder))

    def _stands_at(self) -> tuple[int, int | None]:
        """Return the generation that the index has followed, and the highest number of a passage then."""
        return self._catalog.generation, self._catalog.last_number

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
            self.deleted += len(gone)
            self._fill(index, [each for each in ids if each not in have])

    def _fill(self, index: ChromaIndex, ids: Sequence[str], progress: Tick | None = None) -> None:
        """Add passages to an index, a few at a time: all vectors of a library are too many for the memory."""
        for at in range(0, len(ids), _AT_ONCE):
            index.add(*self._catalog.vectors(ids[at : at + _AT_ONCE]))
            if progress:
                progress(min(at + _AT_ONCE, len(ids)), len(ids))

    def _mark(
        self, folder: Path, *, generation: int, last: int | None = None, files: dict[str, str] | None = None
    ) -> None:
        """Note where the index is and what it stands at: clean with its `files` and `last`, else in use."""
        state = {"folder": folder.name, "clean": files is not None, "generation": generation, "last": last}
        self.records.write(state | {"deleted": self.deleted, "files": files or {}})


def abandon(index: ChromaIndex | None) -> None:
    """Give the files of a broken index back as far as Chroma still can."""
    if index is not None:
        with suppress(Exception):
            index.close()


def _further(progress: Tick, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)
