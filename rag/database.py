"""The file of the catalogue: made whole, looked over when it is opened, sealed when it is closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa

from rag import page_sums, seal
from rag.errors import FootnoteError, LibraryMissing
from rag.read_only import Reader, may_write, refused
from rag.schema import create as create_file
from rag.schema import damaged, engine_for, translated

FILE = "catalogue.sqlite3"

DAMAGED = "catalogue-damaged-{}"
"""A catalogue that was not readable, with its log; a restore keeps it for whoever can make sense of it."""


class Database:
    """One SQLite file with its transactions. Safe for threads; one process writes at a time."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open the file in `folder`.

        Raises:
            LibraryMissing: there is none and `create` is False.
            LibraryDamaged: the file is not a readable database, or not as it was left.
            StorageError: the folder cannot be used.
        """
        self.folder = folder
        self._path = folder / FILE
        self._thread = threading.local()
        self._closed = False
        with translated(folder):
            if not self._path.exists():
                self._absent(create=create)
            sealed = seal.opened(self._path)
        self._reader = None if may_write(self._path) else Reader(self._path)
        self._engine = engine_for(self._path)
        try:
            self._verify(sealed)
        except BaseException:
            self.close()
            raise

    @property
    def read_only(self) -> bool:
        """Whether this user may not change it."""
        return self._reader is not None

    def close(self, *, sealing: bool = False) -> None:
        """Give the file back; the one writer also seals it, see `rag.seal`."""
        self._engine.dispose()
        if self._reader is not None:
            self._reader.dispose()
        if not self._closed:
            self._closed = True
            seal.closed(self._path, sealing=sealing)

    def unseal(self) -> None:
        """Take the seal away before the first change."""
        with self._read() as connection:
            sealed = connection.exec_driver_sql("PRAGMA user_version").scalar()
        with translated(self.folder):
            page_sums.forget(self._path)
        if sealed:
            with self._write() as connection:
                connection.exec_driver_sql("PRAGMA user_version=0")

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[sa.Connection]:
        """Run statements as one; after an error nothing of them is left.

        Raises:
            StorageError: it is to be written, and this user may not.
        """
        with translated(self.folder), self._begun(write=write) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads of this thread see the library as it is at the first of them."""
        with ExitStack() as stack:
            with translated(self.folder):
                connection = stack.enter_context(self._begun(write=False))
            self._thread.connection = connection
            try:
                yield
            finally:
                del self._thread.connection

    def _begun(self, *, write: bool) -> AbstractContextManager[sa.Connection]:
        if self._reader is None:
            return self._engine.execution_options(write=write).begin()
        if write:
            raise refused(self.folder)
        return self._reader.begin()

    def _absent(self, *, create: bool) -> None:
        if any(any(self.folder.glob(left)) for left in ("chroma-*/chroma.sqlite3", DAMAGED.format("*"))):
            raise damaged(self.folder, "its file is gone")
        if not create:
            raise LibraryMissing(f"no library in {self.folder}: make one with 'footnote add PATH…'")
        self.folder.mkdir(parents=True, exist_ok=True)
        create_file(self._path)

    def _verify(self, sealed: bool | None) -> None:
        """Look the file over where no seal vouches for it.

        Raises:
            LibraryDamaged: it is not what was sealed, or SQLite finds fault with it.
        """
        if sealed:
            return
        try:
            with self._read() as connection:
                if sealed is False and connection.exec_driver_sql("PRAGMA user_version").scalar():
                    raise damaged(self.folder, "it is not as it was left")
                found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
                if found != "ok" or not sa.inspect(connection).has_table("meta"):
                    raise damaged(self.folder, "its tables are gone" if found == "ok" else found)
        except FootnoteError as error:
            if sealed is False:  # whatever SQLite makes of it
                raise damaged(self.folder, "it is not as it was left") from error
            raise

    @contextmanager
    def _nested(self, connection: sa.Connection) -> Iterator[sa.Connection]:
        with translated(self.folder):
            yield connection

    def _read(self) -> AbstractContextManager[sa.Connection]:
        held: sa.Connection | None = getattr(self._thread, "connection", None)
        return self.transaction(write=False) if held is None else self._nested(held)

    def _write(self) -> AbstractContextManager[sa.Connection]:
        return self.transaction(write=True)
