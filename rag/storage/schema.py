"""The file of the catalogue: how SQLite makes and opens it to keep it safe, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from rag.errors import (
    FootnoteError,
    LibraryDamaged,
    LibraryIncompatible,
    LibraryInUse,
    StorageError,
)
from rag.storage.tables import meta, metadata

SCHEMA_VERSION = 7

UNBORN = ".new-*"
"""Folders in which a catalogue is made, before it takes its place; a kill leaves one."""

LEXICAL_INDEX = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS passage_index USING fts5("
    "context, text, content='passages', content_rowid='n', tokenize='porter unicode61 remove_diacritics 2')"
)


def engine_for(path: Path, journal: str = "WAL") -> sa.Engine:
    """Return an engine on the SQLite file at `path`: WAL, synchronous FULL, explicit transactions."""
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": 10.0, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN below is the only one
        for pragma in (f"journal_mode={journal}", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def reading_engine(path: Path, query: Mapping[str, str]) -> sa.Engine:
    """Return an engine that only reads the SQLite file at `path`; `query` are parameters of its address."""
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=path.absolute().as_uri(), query={**query, "uri": "true"}),
        connect_args={"timeout": 10.0, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA cache_size=-16000")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def check_version(version: int, place: str) -> None:
    """Make sure that this Footnote can read a catalogue of this schema version, if need be after migrating.

    Raises:
        LibraryDamaged: it has none.
        LibraryIncompatible: a newer version made it.
    """
    if not version:
        raise damaged(place, "its schema version is gone")
    if version > SCHEMA_VERSION:
        raise LibraryIncompatible(
            f"the library {place} has schema {version} of a newer Footnote, this one reads "
            f"{SCHEMA_VERSION}: update Footnote, or add the documents to a new library"
        )


def create(path: Path) -> None:
    """Make an empty catalogue at `path`, all of it or nothing; one that is there stays."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=UNBORN.removesuffix("*")) as folder:
        made = Path(folder) / path.name
        engine = engine_for(made, "DELETE")  # a log would not all be in the file where the disk is full
        try:
            with engine.execution_options(write=True).begin() as connection:
                metadata.create_all(connection)
                connection.exec_driver_sql(LEXICAL_INDEX)
                facts = {"schema_version": str(SCHEMA_VERSION), "generation": "0"}
                connection.execute(meta.insert(), [{"key": k, "value": v} for k, v in facts.items()])
        finally:
            engine.dispose()
        try:
            os.link(made, path)
        except FileExistsError:  # another process was first
            return
        except OSError:  # a file system without hard links
            made.replace(path)


def damaged(path: Path | str, reason: str) -> LibraryDamaged:
    """Return the error for a catalogue that cannot be trusted, with the way back."""
    line = " ".join(reason.replace("*** in database main ***", "").split())  # SQLite takes several lines
    return LibraryDamaged(
        f"the catalogue in {path} is damaged ({line}): bring it back by 'footnote restore FILE --replace', "
        "or save what is whole by 'footnote check --repair'",
        reason=line,
    )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the errors of the database and of the disk into Footnote's own."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _translate(str(error.orig), path) from error
    except sqlite3.Error as error:
        raise _translate(str(error), path) from error
    except OSError as error:
        raise StorageError(f"cannot use the library {path}: {error.strerror or error}") from error


def is_damage(reason: str) -> bool:
    """Return whether SQLite says by these words that what it reads makes no sense."""
    return any(words in reason.lower() for words in ("malformed", "not a database"))


def _translate(reason: str, path: Path) -> FootnoteError:
    lowered = reason.lower()
    if "disk is full" in lowered:
        return StorageError(
            f"no space left for the library {path}: free some and run it again; nothing is lost"
        )
    if "disk i/o" in lowered:
        return StorageError(f"the disk failed under the library {path}: check its space, and try again")
    if is_damage(reason):
        return damaged(path, reason)
    if "locked" in lowered:
        return LibraryInUse(f"the library {path} is busy in another process: try again in a moment")
    if "readonly" in lowered or "unable to open" in lowered:
        return StorageError(f"no permission to use the library {path}: check who owns the folder")
    return StorageError(f"the library {path} cannot be used: {reason}")
