"""A catalogue in one SQLite file: made whole, looked over when it is opened, sealed when it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import sqlalchemy as sa

from rag.errors import FootnoteError, LibraryMissing, StorageError
from rag.storage import lexical, page_sums, seal, sqlite_files
from rag.storage.read_only import Reader, may_write, refused
from rag.storage.schema import create as create_file
from rag.storage.schema import damaged, engine_for, translated
from rag.storage.store import Lexical, News
from rag.storage.tables import passages

FILE = "catalogue.sqlite3"

DAMAGED = "catalogue-damaged-{}"
"""A catalogue that was not readable, with its log; a restore keeps it for whoever can make sense of it."""


class SqliteStore:
    """One SQLite file. Safe for threads; one process writes at a time."""

    lexical: Lexical = lexical
    shared = False

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open the file in `folder`.

        Raises:
            LibraryMissing: there is none and `create` is False.
            LibraryDamaged: the file is not a readable database, or not as it was left.
            StorageError: the folder cannot be used.
        """
        self.folder = folder
        self.place = str(folder)
        self._path = folder / FILE
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
            self.close(sealing=False)
            raise

    @property
    def read_only(self) -> bool:
        """Whether this user may not change it."""
        return self._reader is not None

    def begin(self, *, write: bool) -> AbstractContextManager[sa.Connection]:
        """Begin a transaction; after an error nothing of it is left.

        Raises:
            StorageError: it is to be written, and this user may not.
        """
        if self._reader is None:
            return self._engine.execution_options(write=write).begin()
        if write:
            raise self.refusal()
        return self._reader.begin()

    def translated(self) -> AbstractContextManager[None]:
        """Turn the errors of the database and of the disk into Footnote's own."""
        return translated(self.folder)

    def refusal(self) -> StorageError:
        """Return the error for an attempt to write where this user may only read."""
        return refused(self.folder)

    def claim(self, connection: sa.Connection, names: Sequence[str]) -> None:
        """Do nothing: whoever writes is alone."""

    def alone(self, purpose: str) -> AbstractContextManager[None]:
        """Do nothing: the one writer is alone."""
        return nullcontext()

    def note(
        self, connection: sa.Connection, generation: int, removed: Sequence[str], added: Sequence[str]
    ) -> None:
        """Do nothing: the one writer follows its own changes."""

    def news(self, connection: sa.Connection, since: int) -> News | None:
        """Return None: nothing is noted."""
        return None

    def n_passages(self, connection: sa.Connection) -> int:
        """Return how many passages there are."""
        return connection.scalar(sa.select(sa.func.count()).select_from(passages)) or 0

    def last_number(self, connection: sa.Connection) -> int:
        """Return the highest number that a passage ever had; none is given twice."""
        query = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'passages'")
        return connection.scalar(query) or 0

    def compact(self) -> bool:
        """Write the file anew without what was deleted; return whether its log is empty as well.

        Raises:
            LibraryInUse: another process reads all the time.
            StorageError: there is no room for a second catalogue meanwhile.
        """
        with self.translated():
            return sqlite_files.shrink(self._path)

    def unseal(self) -> None:
        """Take the seal away before the first change."""
        with self.translated():
            with self.begin(write=False) as connection:
                sealed = connection.exec_driver_sql("PRAGMA user_version").scalar()
            page_sums.forget(self._path)
            if sealed:
                with self.begin(write=True) as connection:
                    connection.exec_driver_sql("PRAGMA user_version=0")

    def close(self, *, sealing: bool) -> None:
        """Give the file back; the one writer also seals it, see `rag.storage.seal`."""
        self._engine.dispose()
        if self._reader is not None:
            self._reader.dispose()
        if not self._closed:
            self._closed = True
            seal.closed(self._path, sealing=sealing)

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
            with self.translated(), self.begin(write=False) as connection:
                if sealed is False and connection.exec_driver_sql("PRAGMA user_version").scalar():
                    raise damaged(self.folder, "it is not as it was left")
                found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
                if found != "ok" or not sa.inspect(connection).has_table("meta"):
                    raise damaged(self.folder, "its tables are gone" if found == "ok" else found)
        except FootnoteError as error:
            if sealed is False:  # whatever SQLite makes of it
                raise damaged(self.folder, "it is not as it was left") from error
            raise
