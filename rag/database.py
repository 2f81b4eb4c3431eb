"""The transactions of a catalogue, whichever engine it stands on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa

from rag.errors import StorageError
from rag.sqlite_store import SqliteStore
from rag.store import Lexical, Store


class Database:
    """The rows of a library, read and written in transactions. Safe for threads."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open the catalogue of the library in `folder`.

        Raises:
            LibraryMissing: there is none and `create` is False.
            LibraryDamaged: the file is not a readable database, or not as it was left.
            StorageError: the folder cannot be used.
        """
        self.folder = folder
        self._store: Store = SqliteStore(folder, create=create)
        self._thread = threading.local()

    @property
    def place(self) -> str:
        """What errors call the library by."""
        return self._store.place

    @property
    def shared(self) -> bool:
        """Whether several processes may write at once."""
        return self._store.shared

    @property
    def read_only(self) -> bool:
        """Whether this user may not change it."""
        return self._store.read_only

    @property
    def lexical(self) -> Lexical:
        """The lexical index."""
        return self._store.lexical

    def refusal(self) -> StorageError:
        """Return the error for an attempt to write where this user may only read."""
        return self._store.refusal()

    def close(self, *, sealing: bool = False) -> None:
        """Give everything back; `sealing` is whether this is the one writer."""
        self._store.close(sealing=sealing)

    def unseal(self) -> None:
        """Prepare for the first change."""
        self._store.unseal()

    def compact(self) -> bool:
        """Leave nothing of what was deleted; return whether that is so, or a reader is in the way.

        Raises:
            LibraryInUse: another process reads all the time.
            StorageError: there is no room for a second catalogue meanwhile.
        """
        return self._store.compact()

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[sa.Connection]:
        """Run statements as one; after an error nothing of them is left.

        Raises:
            StorageError: it is to be written, and this user may not.
        """
        with self._store.translated(), self._store.begin(write=write) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads of this thread see the library as it is at the first of them."""
        with ExitStack() as stack:
            with self._store.translated():
                connection = stack.enter_context(self._store.begin(write=False))
            self._thread.connection = connection
            try:
                yield
            finally:
                del self._thread.connection

    @contextmanager
    def _nested(self, connection: sa.Connection) -> Iterator[sa.Connection]:
        with self._store.translated():
            yield connection

    def _read(self) -> AbstractContextManager[sa.Connection]:
        held: sa.Connection | None = getattr(self._thread, "connection", None)
        return self.transaction(write=False) if held is None else self._nested(held)

    def _write(self) -> AbstractContextManager[sa.Connection]:
        return self.transaction(write=True)
