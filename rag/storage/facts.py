"""What a library says of itself: its version, its embedder and the like, and how much there is in it."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from rag.storage.database import Database
from rag.storage.rows import put_meta
from rag.storage.tables import documents, meta


class Facts(Database):
    """The file of a catalogue with the facts about the library, each by its name."""

    @property
    def version(self) -> int:
        """Version of its schema; an older one needs `rag.maintenance.migrations.migrate`."""
        return int(self.get_meta("schema_version") or 0)

    def get_meta(self, key: str) -> str | None:
        """Return a fact about the library, or None."""
        with self._read() as connection:
            try:
                return connection.scalar(sa.select(meta.c.value).where(meta.c.key == key))
            except sa.exc.OperationalError as error:
                if "no such table" in str(error.orig):
                    return None
                raise

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Store facts about the library, in one transaction."""
        with self._write() as connection:
            put_meta(connection, values)

    @property
    def generation(self) -> int:
        """Number of changes so far; the same number means the same passages."""
        return int(self.get_meta("generation") or 0)

    @property
    def n_documents(self) -> int:
        """How many documents there are, those that could not be read among them."""
        with self._read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(documents)) or 0

    @property
    def n_passages(self) -> int:
        """How many passages there are."""
        with self._read() as connection:
            return self._store.n_passages(connection)

    @property
    def last_number(self) -> int:
        """The highest number that a passage ever had; none is given twice."""
        with self._read() as connection:
            return self._store.last_number(connection)
