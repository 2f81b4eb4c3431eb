"""The bytes of uploaded files where processes share no folder: in the catalogue, piece by piece."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.storage.tables import originals, parts

PLACE = Path("//footnote/uploads")
"""Where such files are said to lie: on no machine's disk, so that the documents made from them are the same
for every process. Two slashes begin a path whose meaning is free to choose (POSIX.1, 4.13)."""

_URI = f"{PLACE.as_uri()}/"


def is_kept(uri: str) -> bool:
    """Return whether the file of a document is in the catalogue."""
    return uri.startswith(_URI)


class Contents:
    """The files in a catalogue, by the ids of their uploads; those of documents also by their uris."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def append(self, file: str, n: int, content: bytes) -> None:
        """Add the next piece of a file, `n` from 0.

        Raises:
            StorageError: it cannot be kept.
        """
        with self._catalog.transaction(write=True) as connection:
            connection.execute(parts.insert().values(file=file, n=n, content=content))

    def read(self, file: str) -> Iterator[bytes]:
        """Yield the pieces of a file in their order."""
        n = 0
        while (piece := self._piece(file, n)) is not None:
            yield piece
            n += 1

    def drop(self, files: Iterable[str]) -> None:
        """Forget files, but for those that documents are made from."""
        kept = sa.select(originals.c.file)
        gone = parts.c.file.in_(list(files)) & parts.c.file.not_in(kept)
        with self._catalog.transaction(write=True) as connection:
            connection.execute(parts.delete().where(gone))

    def place(self, file: str, uri: str) -> None:
        """Make a file the one that the document at `uri` is made from; the one before is forgotten."""
        with self._catalog.transaction(write=True) as connection:
            _forget(connection, uri, but=file)
            connection.execute(originals.insert().values(uri=uri, file=file))

    def file_of(self, uri: str) -> str | None:
        """Return the id of the file that a document is made from."""
        query = sa.select(originals.c.file).where(originals.c.uri == uri)
        with self._catalog.transaction(write=False) as connection:
            return connection.scalar(query)

    def remove(self, uri: str) -> None:
        """Forget the file of a document."""
        with self._catalog.transaction(write=True) as connection:
            _forget(connection, uri)

    def remove_all_but(self, uris: Collection[str]) -> None:
        """Forget the files of documents that are not at these uris any more."""
        with self._catalog.transaction(write=True) as connection:
            for uri in connection.scalars(sa.select(originals.c.uri)).all():
                if uri not in uris:
                    _forget(connection, uri)

    def _piece(self, file: str, n: int) -> bytes | None:
        query = sa.select(parts.c.content).where(parts.c.file == file, parts.c.n == n)
        with self._catalog.transaction(write=False) as connection:
            return connection.scalar(query)


def _forget(connection: sa.Connection, uri: str, but: str = "") -> None:
    here = originals.c.uri == uri
    for file in connection.scalars(sa.select(originals.c.file).where(here)).all():
        if file != but:
            connection.execute(parts.delete().where(parts.c.file == file))
    connection.execute(originals.delete().where(here))
