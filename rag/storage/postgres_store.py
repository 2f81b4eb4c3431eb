"""A catalogue on a PostgreSQL server, which many processes write at once.

What keeps them apart are advisory locks, which end with their transaction or their process: one for each
document that is written, and one for the library, which whoever writes documents shares and whoever needs it
alone has alone. Each change of the passages is noted under its generation, so that the indexes of other
processes can follow.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from rag.errors import CatalogRefused, FootnoteError, LibraryInUse, LibraryMissing, StorageError
from rag.storage import changes, tsvector
from rag.storage.postgres_engine import OLDEST, address_of, engine_for, is_busy, translated
from rag.storage.postgres_schema import create
from rag.storage.store import Lexical, News

_FACTS = sa.text(
    "SELECT current_schema() AS name, current_setting('server_version_num')::int AS version, "
    "pg_encoding_to_char(encoding) AS encoding, "
    "pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS reading "
    "FROM pg_database WHERE datname = current_database()"
)
_MADE = sa.text(
    "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'meta')"
)
_TABLES = sa.text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
_MAY_WRITE = sa.text("SELECT has_table_privilege('documents', 'INSERT')")
_HOLDER = sa.text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock' AND l.objsubid = 1 "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND (l.classid::bigint << 32) | l.objid::bigint = :key"
)
_LIBRARY, _MAKING = "library", "schema"


class PostgresStore:
    """The tables of a library on a server. Safe for threads; any number of processes may write."""

    lexical: Lexical = tsvector
    shared = True
    read_only = False

    def __init__(self, folder: Path, url: str, *, create: bool = False) -> None:
        """Connect to the database at `url`.

        Args:
            folder: for what is of this machine alone, such as a dense index.
            url: as in ``postgresql://anna@db.example.com/footnote``.
            create: make the tables where there are none.

        Raises:
            LibraryMissing: there are no tables and `create` is False.
            CatalogUnavailable: the server cannot be reached.
            CatalogRefused: it refuses the login, or cannot be used.
            MissingExtra: the driver is not installed.
        """
        self.folder = folder
        self.place = address_of(url)
        self._engine = engine_for(url)
        self._reads = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._writes = self._engine.execution_options(isolation_level="READ COMMITTED")
        self._mutex = threading.RLock()
        self._alone: sa.Connection | None = None
        try:
            self._open(create=create)
        except BaseException:
            self.close(sealing=False)
            raise

    def begin(self, *, write: bool) -> AbstractContextManager[sa.Connection]:
        """Begin a transaction; after an error nothing of it is left.

        Raises:
            StorageError: it is to be written, and this user may not.
        """
        if not write:
            return self._reads.begin()
        if self.read_only:
            raise self.refusal()
        return self._writes.begin() if self._alone is None else self._begun_alone(self._alone)

    def translated(self) -> AbstractContextManager[None]:
        """Turn the errors of the server and of the way there into Footnote's own."""
        return translated(self.place)

    def refusal(self) -> StorageError:
        """Return the error for an attempt to write where this user may only read."""
        return StorageError(
            f"no permission to write to the library {self.place}: check the rights of the login"
        )

    def claim(self, connection: sa.Connection, names: Sequence[str]) -> None:
        """Let nobody else change what has these names until the transaction ends.

        Raises:
            LibraryInUse: somebody has the library alone, or does not end with one of them.
        """
        try:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(self._key(_LIBRARY))))
            for key in sorted(map(self._key, names)):
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
        except sa.exc.OperationalError as error:
            if not is_busy(error):
                raise
            raise self._in_use() from error

    @contextmanager
    def alone(self, purpose: str) -> Iterator[None]:
        """Keep all others from writing documents meanwhile.

        Raises:
            LibraryInUse: others are writing all the time, or somebody has it alone.
        """
        name = f"{purpose[:24]} on {socket.gethostname()[:24]} ({os.getpid()})"
        with self._mutex, self.translated(), self._writes.connect() as connection:
            try:
                connection.execute(sa.select(sa.func.set_config("application_name", name, False)))
                connection.execute(sa.select(sa.func.pg_advisory_lock(self._key(_LIBRARY))))
                connection.commit()
                self._alone = connection
                yield
            except sa.exc.OperationalError as error:
                if self._alone is None and is_busy(error):
                    raise self._in_use() from error
                raise
            finally:
                self._alone = None
                connection.invalidate()  # the lock is the connection's, and ends with it

    def note(
        self, connection: sa.Connection, generation: int, removed: Sequence[str], added: Sequence[str]
    ) -> None:
        """Note what the change to this generation did to the passages."""
        changes.note(connection, generation, removed, added)

    def news(self, connection: sa.Connection, since: int) -> News | None:
        """Return what became of the passages since a generation; None where that is not known any more."""
        return changes.news(connection, since)

    def last_number(self, connection: sa.Connection) -> int:
        """Return the highest number that a passage ever had; none is given twice."""
        query = "SELECT last_value, is_called FROM passages_n_seq"
        last, used = connection.exec_driver_sql(query).one()
        return int(last) if used else 0

    def n_passages(self, connection: sa.Connection) -> int:
        """Return how many passages there are."""
        return tsvector.n_passages(connection)

    def compact(self) -> bool:
        """Write the tables anew without what was deleted: who reads or writes waits for that.

        Raises:
            LibraryInUse: another process reads all the time.
            StorageError: there is no room for a second copy of a table meanwhile.
        """
        with self.translated(), self._engine.connect() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            for name in plain.scalars(_TABLES).all():
                plain.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{name}"')
        return True

    def unseal(self) -> None:
        """Do nothing: what PostgreSQL keeps has checksums of its own, where the server is set to."""

    def close(self, *, sealing: bool) -> None:
        """Give the connections back, and let others write; there is nothing to seal."""
        self._engine.dispose()

    def _open(self, *, create: bool) -> None:
        with suppress(OSError):  # without it there is no index of this machine's own, and that is all
            self.folder.mkdir(parents=True, exist_ok=True)
        with self.translated():
            with self._reads.begin() as connection:
                facts, made = connection.execute(_FACTS).one(), connection.scalar(_MADE)
            self._check(facts)
            if not made:
                if not create:
                    raise LibraryMissing(f"no library at {self.place}: make one with 'footnote add PATH…'")
                self._make()
            with self._reads.begin() as connection:
                self.read_only = bool(facts.reading) or not connection.scalar(_MAY_WRITE)

    def _check(self, facts: sa.Row[tuple[object, ...]]) -> None:
        """Refuse a database that would not do.

        Raises:
            CatalogRefused: it has no schema to use, is too old, or holds no Unicode.
        """
        self._schema = facts.name
        if facts.name is None:
            raise CatalogRefused(
                f"the catalogue at {self.place} has no schema that can be used: "
                "make the one that the setting 'catalog' names in search_path"
            )
        if facts.version < OLDEST:
            raise CatalogRefused(
                f"the server at {self.place} is PostgreSQL {facts.version // 10000}: use 13 or newer"
            )
        if facts.encoding != "UTF8":
            raise CatalogRefused(
                f"the database at {self.place} is encoded in {facts.encoding}: make one with ENCODING 'UTF8'"
            )

    def _make(self) -> None:
        """Make the tables, all of them or none; another process that is at it goes first."""
        with self._writes.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(self._key(_MAKING))))
            if not connection.scalar(_MADE):
                create(connection)

    @contextmanager
    def _begun_alone(self, connection: sa.Connection) -> Iterator[sa.Connection]:
        """Begin a transaction on the connection that holds the lock: with that lost, nothing is written."""
        with self._mutex:
            if connection.invalidated:
                raise LibraryInUse(
                    f"the connection that kept the library {self.place} from others broke: run it again"
                )
            with connection.begin():
                yield connection

    def _in_use(self) -> FootnoteError:
        with self.translated(), self._reads.begin() as connection:
            holder = connection.scalar(_HOLDER, {"key": self._key(_LIBRARY)})
        by = f"'{holder}'" if holder else "another process that changes the same"
        return LibraryInUse(f"the library {self.place} is in use by {by}: stop it or wait")

    def _key(self, name: str) -> int:
        """Return the number of the lock with this name; those of other schemas are others."""
        told = hashlib.sha256(f"footnote\0{self._schema}\0{name}".encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(told[:8], "big", signed=True)
