"""What is known of dense indexes: facts in JSON, of the catalogue, or of this machine where many share it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rag.catalog import FILE, Catalog
from rag.storage.partial import partial
from rag.storage.portable import insert_absent
from rag.storage.rows import put_meta
from rag.storage.schema import translated
from rag.storage.sqlite_files import flush
from rag.storage.tables import meta, passages

INDEX, SERVED = "index", "index-served"
"""Names of the facts: of the index in the library's folder, and of the one on a server."""

State = dict[str, Any]


class IndexRecords:
    """Reads and writes what is known of the index in the folder. Safe for threads."""

    def __init__(self, catalog: Catalog) -> None:
        """Read nothing yet."""
        self._catalog = catalog

    def read(self) -> State:
        """Return what is known; empty where no index was made."""
        text = self._read_file() if self._catalog.shared else self._catalog.get_meta(INDEX)
        state: State = json.loads(text or "{}")
        return state

    def write(self, state: State) -> None:
        """Note what is known from now on."""
        if not self._catalog.shared:
            self._catalog.set_meta({INDEX: json.dumps(state)})
            return
        with translated(self._catalog.folder), partial(self._file) as part:
            part.write_text(json.dumps(state), "utf-8")
            flush(part)
            part.replace(self._file)
            flush(self._file.parent)

    @property
    def _file(self) -> Path:
        """Where it is kept beside the index, which is this machine's own."""
        return self._catalog.folder / f"{INDEX}.json"

    def _read_file(self) -> str | None:
        try:
            return self._file.read_text("utf-8")
        except FileNotFoundError:
            return None


@dataclass(frozen=True, slots=True)
class Served:
    """What is known of the index on a server.

    `owner` is the library's name there, and `place` tells a copy of a catalogue from the original. All
    passages numbered up to `sure` are in `collection`, which was made of `made_of` passages numbered up to
    `made_at`. `making` is a collection that a process fills until the time `until`, to take its place.
    `version` counts the changes.
    """

    owner: str
    place: str
    collection: str = ""
    sure: int = 0
    made_of: int = 0
    made_at: int = 0
    making: str = ""
    until: float = 0.0
    version: int = 0

    def removed(self, n_passages: int) -> int:
        """Return how many were removed from the collection since it was made; `n_passages` are left."""
        return max(0, self.made_of + self.sure - self.made_at - n_passages)


class ServedRecords:
    """Reads and changes what is known of the index on a server. Safe for threads and processes."""

    def __init__(self, catalog: Catalog) -> None:
        """Read nothing yet."""
        self._catalog = catalog
        self._place = ""

    @property
    def alone(self) -> bool:
        """Whether nobody else may write: who was making an index is dead then."""
        with self._catalog.transaction(write=False) as connection:
            return connection.dialect.name == "sqlite"

    def read(self) -> Served:
        """Return what is known."""
        return self._of(self._catalog.get_meta(SERVED))

    def change(self, step: Callable[[Served], Served | None]) -> Served | None:
        """Replace what is known by what `step` makes of it, in one transaction; None leaves it as it is.

        Returns:
            What is known from now on; None where the step left it.
        """
        with self._catalog.transaction(write=True) as connection:
            old = self._locked(connection)
            made = step(old)
            if made is None:
                return None
            made = replace(made, version=old.version + 1)
            put_meta(connection, {SERVED: json.dumps(asdict(made))})
        return made

    def frontier(self) -> int:
        """Return the highest number of a passage; every one that comes from now on has a higher one."""
        with self._catalog.transaction(write=True) as connection:
            if connection.dialect.name == "postgresql":  # numbers are given before they are committed
                connection.exec_driver_sql("LOCK TABLE passages IN SHARE ROW EXCLUSIVE MODE")
            return connection.scalar(sa.select(sa.func.max(passages.c.n))) or 0

    def _locked(self, connection: sa.Connection) -> Served:
        """Return what is known, which nobody else changes until the transaction ends."""
        query = sa.select(meta.c.value).where(meta.c.key == SERVED).with_for_update()
        text = connection.scalar(query)
        if text is None:  # a row that is not there cannot be locked: of two first ones, one waits here
            insert_absent(connection, meta, {"key": SERVED, "value": json.dumps(asdict(self._of(None)))})
            text = connection.scalar(query)
        return self._of(text)

    def _of(self, text: str | None) -> Served:
        self._place = self._place or _place(self._catalog)
        known = Served(**json.loads(text)) if text else None
        if known is None or known.place != self._place:  # a copy leaves the collection to the original
            return Served(secrets.token_hex(6), self._place)
        return known


def forget(connection: sa.Connection) -> None:
    """Let no index be used any more, since the vectors are other ones; the owner's name on a server stays."""
    connection.execute(meta.delete().where(meta.c.key == INDEX))
    text = connection.scalar(sa.select(meta.c.value).where(meta.c.key == SERVED))
    if text:
        put_meta(connection, {SERVED: forgotten(text)})


def forgotten(text: str) -> str:
    """Return what is known of an index on a server without the index."""
    known = Served(**json.loads(text))
    return json.dumps(asdict(Served(known.owner, known.place, version=known.version + 1)))


def _place(catalog: Catalog) -> str:
    """Return what tells a catalogue from its copies: the number of its file, or of its table."""
    with catalog.transaction(write=False) as connection:
        if connection.dialect.name == "postgresql":
            query = "SELECT (SELECT oid FROM pg_database WHERE datname = current_database()) || '.' "
            return str(connection.exec_driver_sql(f"{query} || 'passages'::regclass::oid").scalar())
    return str((catalog.folder / FILE).stat().st_ino)
