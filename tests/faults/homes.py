"""Libraries that need care, each with the files of its documents and a backup."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from damages import damage
from ledger import Ledger
from old_schemas import VERSION_1
from workload import NAMES, HashEmbedder, put, remove, small_index_steps

from rag.catalog import FILE
from rag.library import Library
from rag.maintenance.backup import write_backup
from rag.maintenance.migrations import KEPT
from rag.maintenance.restoring import ASIDE

GONE = NAMES[0]
"""The document that is purged."""

_DEAD = 99_999_999
"""A number that no process can have."""

FEWER = NAMES[:5]
"""The documents of the backup, in version 2; the library has all of them in version 1."""


class OtherEmbedder(HashEmbedder):
    """Other directions, of another length."""

    fingerprint = "fake:other"
    dimensions = 24


@dataclass(frozen=True)
class Home:
    """A library, the files of its documents, and a backup, each in its place below a folder."""

    folder: Path
    files: Path

    @property
    def library(self) -> Path:
        return self.folder / "library"

    @property
    def backup(self) -> Path:
        return self.folder / "backups" / "some.backup"

    @property
    def inside(self) -> Path:
        """A place for a backup in the folder of the library."""
        return self.library / "some.backup"

    def copied(self, folder: Path) -> Home:
        """Return a copy that may be broken; the files stay where they are."""
        shutil.copytree(self.folder, folder)
        return Home(folder, self.files)

    def all(self, version: int = 1, *, without: tuple[str, ...] = (), **facts: type[HashEmbedder]) -> Ledger:
        """Return what a library holds that has one version of every document but some."""
        return Ledger(self.files, {n: {0 if n in without else version} for n in NAMES}, **facts)


def built(home: Home) -> None:
    """Make a library of every document, with an index, and a backup of fewer documents in other versions."""
    small_index_steps()
    home.files.mkdir()
    home.backup.parent.mkdir(parents=True)
    with Library.open(home.folder / "other", create=True) as library:
        library.require(HashEmbedder.fingerprint)
        put(library, home.files, list(FEWER), 2)
        write_backup(library.path / FILE, home.backup)
    shutil.rmtree(home.folder / "other")
    with Library.open(home.library, create=True) as library:
        library.require(HashEmbedder.fingerprint)
        library.open_index()
        put(library, home.files, list(NAMES), 1)


def as_version_1(home: Home) -> None:
    """Make the catalogue what version 1 would have made it."""
    catalogue = home.library / FILE
    made = catalogue.with_name("made")
    with closing(sqlite3.connect(made)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.executescript(VERSION_1)
        raw.execute("ATTACH ? AS newer", (str(catalogue),))
        raw.execute("DELETE FROM meta WHERE key != 'schema_version'")
        raw.execute("INSERT INTO meta SELECT * FROM newer.meta WHERE key != 'schema_version'")
        for table in ("documents", "texts", "passages", "vectors"):
            raw.execute(f"INSERT INTO {table} SELECT * FROM newer.{table}")  # noqa: S608
        raw.execute("INSERT INTO passage_index(passage_index) VALUES ('rebuild')")
        raw.commit()
    made.replace(catalogue)


def damaged(home: Home) -> None:
    """Damage the catalogue."""
    damage(home.library / FILE, "zeros in the middle", 1)


def copied_often(home: Home) -> None:
    """Leave copies of the catalogue in the folder: of a migration, a restore and a killed backup."""
    for name in (KEPT.format(1), ASIDE, f".{FILE}.{_DEAD}-abcdefgh.part"):
        write_backup(home.library / FILE, home.library / name)


def half_empty(home: Home) -> None:
    """Remove some documents, and leave the room that they took."""
    with Library.open(home.library) as library:
        for name in NAMES:
            if name not in FEWER:
                remove(library, home.files, name)
