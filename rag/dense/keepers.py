"""What keeps a dense index equal to the catalogue, and which one the settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rag.catalog import Catalog, Change
from rag.dense.following import FollowingKeeper
from rag.dense.index import CollectionIndex, Hits
from rag.dense.index_keeper import IndexKeeper
from rag.progress import Tick
from rag.settings import Settings
from rag.vectors import Matrix


class Keeper(Protocol):
    """Keeps an index, and answers without it while there is none. Safe for threads."""

    def begin(self, vector: Matrix, k: int) -> Callable[[], Hits]:
        """Begin to search; what is returned waits for the `k` nearest passages, as (id, cosine), best first.

        Chroma is asked in a thread. What reads the catalogue is done by the thread that waits, so that it
        sees the snapshot of that one.

        Raises, when it is waited for:
            IndexUnavailable, IndexDamaged: it cannot be asked, and the library is too large to do without.
        """
        ...

    def attach(self) -> bool:
        """Use an index that several processes read; False where only a writer can open it, or make it."""
        ...

    def open(self, progress: Tick | None = None) -> None:
        """Open the index and bring it up to the catalogue, or make it again; the caller may write."""
        ...

    def inspect(self) -> CollectionIndex | None:
        """Return the index as it is, brought up to the catalogue; None where it is yet to be made.

        Raises:
            IndexDamaged: it has to be made again.
            IndexUnavailable: it cannot be looked at now.
        """
        ...

    def rebuild(self, progress: Tick | None = None) -> None:
        """Make the index again from the catalogue, whatever state it is in.

        Raises:
            StorageError, IndexUnavailable, IndexDamaged: it cannot be made, or the old one not be removed.
        """
        ...

    def discard(self) -> None:
        """Remove the index.

        Raises:
            StorageError, IndexUnavailable: something may be left of it.
        """
        ...

    def apply(self, change: Change) -> None:
        """Follow a change of the catalogue."""
        ...

    def told(self) -> str:
        """Return in words where the index is, and how large."""
        ...

    def close(self) -> None:
        """Close the index cleanly."""
        ...


def keeper_of(catalog: Catalog, settings: Settings | None, may_write: Callable[[], bool]) -> Keeper:
    """Return the keeper of the index on the settings' Chroma server, or of the one in the library's folder.

    Args:
        catalog: has the vectors.
        settings: None for an index in the folder.
        may_write: tells whether this process may change the catalogue.
    """
    if settings is None or settings.chroma is None:
        return FollowingKeeper(catalog) if catalog.shared else IndexKeeper(catalog)
    from rag.dense.served_keeper import ServedKeeper

    return ServedKeeper(catalog, settings, may_write)
