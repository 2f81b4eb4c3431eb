"""What is done to take care of a library, and what must hold when it broke off, and when it is done again."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from damages import damage
from ledger import Ledger, check_index
from old_schemas import VERSION_1
from workload import NAMES, HashEmbedder, put, remove, small_index_steps, words

from rag.backup import read_backup, write_backup
from rag.catalog import FILE
from rag.checking import check, repair
from rag.errors import FootnoteError, LibraryDamaged
from rag.library import Library
from rag.migrations import KEPT
from rag.reindexing import reindex
from rag.restoring import ASIDE, restore
from rag.schema import SCHEMA_VERSION
from rag.upkeep import compact

GONE = NAMES[0]
"""The document that is purged."""

FEWER = NAMES[:5]
"""The documents of the backup, in version 2; the library has all of them in version 1."""

_EXPECTED = (
    "left over",
    "a restore was stopped",
    "a change to the embedder",
    "its last writer was stopped",
    "has changed since",
)
"""What a check may say of a library after a kill: leftovers, and sources that are newer than a backup."""


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


# -- what is there before ----------------------------------------------------------------------------------


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


def _as_version_1(home: Home) -> None:
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


def _damage(home: Home) -> None:
    damage(home.library / FILE, "zeros in the middle", 1)


def _half_empty(home: Home) -> None:
    """Remove some documents, and leave the room that they took."""
    with Library.open(home.library) as library:
        for name in NAMES:
            if name not in FEWER:
                remove(library, home.files, name)


# -- what is done ------------------------------------------------------------------------------------------


def _migrate(home: Home) -> None:
    Library.open(home.library).close()


def _only_restore(home: Home) -> None:
    restore(home.backup, home.library, replace=True)


def _restore(home: Home) -> None:
    _only_restore(home)
    with Library.open(home.library) as library:
        library.open_index()


def _reindex(home: Home) -> None:
    _only_reindex(home)
    with Library.open(home.library) as library:
        library.open_index()


def _only_reindex(home: Home) -> None:
    embedder = OtherEmbedder()
    with Library.open(home.library) as library:
        lacking = _without_new_vector(library)
        assert reindex(library, embedder) == len(embedder.texts) == lacking


def _without_new_vector(library: Library) -> int:
    """Return how many passages are yet to be embedded."""
    if library.catalog.get_meta("embedder") == OtherEmbedder.fingerprint:
        return 0
    with library.catalog.transaction(write=False) as connection:
        there = connection.scalar(sa.text("SELECT count(*) FROM next_vectors"))
    return len(library) - there


def _rebuild(home: Home) -> None:
    with Library.open(home.library) as library:
        library.rebuild_index()


def _purge(home: Home) -> None:
    with Library.open(home.library) as library:
        remove(library, home.files, GONE)
        library.purge()


def _remove(home: Home) -> None:
    with Library.open(home.library) as library:
        remove(library, home.files, GONE)


def _back_up(home: Home) -> None:
    with Library.open(home.library) as library:
        write_backup(library.path / FILE, home.backup)


def _back_up_inside(home: Home) -> None:
    with Library.open(home.library) as library:
        write_backup(library.path / FILE, home.inside)


def _compact(home: Home) -> None:
    with Library.open(home.library) as library:
        library.lock()
        compact(library.catalog)


# -- what must hold ----------------------------------------------------------------------------------------


def _whole_backup(file: Path, *n_documents: int) -> list[str]:
    """Return what is wrong with a backup, if there is one, that may hold so many documents."""
    if not file.exists():
        return []
    try:
        held = read_backup(file).n_documents
    except FootnoteError as error:
        return [f"half: {error}"]
    return [] if held in n_documents else [f"half: {file.name} holds {held} documents, not {n_documents}"]


def _one_version(home: Home) -> list[str]:
    """Look at the catalogue, as it was left, in a copy: opening it would migrate it."""
    with TemporaryDirectory() as folder:
        for file in home.library.glob(f"{FILE}*"):
            shutil.copy(file, folder)
        with closing(sqlite3.connect(Path(folder) / FILE)) as raw:
            [version] = raw.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
            tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master")}
    kept = home.library / KEPT.format(1)
    wrong = _whole_backup(kept, len(NAMES))
    if ("next_vectors" in tables) != (int(version) == SCHEMA_VERSION):
        wrong.append(f"half: version {version} with the tables {sorted(tables)}")
    if int(version) != 1 and not kept.exists():
        wrong.append("lost: no copy of the old version is kept")
    return wrong


def _kept(home: Home) -> list[str]:
    kept = home.library / KEPT.format(1)
    return _whole_backup(kept, len(NAMES)) if kept.exists() else ["lost: no copy of the old version is kept"]


def _old_library_aside(home: Home) -> list[str]:
    aside = home.library / ASIDE
    return _whole_backup(aside, len(NAMES)) or _whole_backup(home.backup, len(FEWER))


def _no_word_left(home: Home) -> list[str]:
    """Search the bytes of every file of the library."""
    sought = [word.encode() for word in words(GONE, 1)]
    return [
        f"otherwise: {word.decode()} is left in {file.name}"
        for file in home.library.rglob("*")
        if file.is_file()
        for word in sought
        if word in file.read_bytes().lower()
    ]


def _nothing(_home: Home) -> list[str]:
    return []


@dataclass(frozen=True)
class Care:
    """One kind of care.

    Attributes:
        run: does it.
        before, after: what the library holds.
        prepare: makes a library as `built` leaves it one that needs this.
        broken_off: returns what else is wrong after it broke off, before anything opens the library.
        finished: returns what else is wrong after it came to its end.
        keeps: patterns of the names of what it leaves in the library's folder.
        damaged: whether the library is damaged before.
    """

    run: Callable[[Home], None]
    before: Callable[[Home], Ledger] = Home.all
    after: Callable[[Home], Ledger] = Home.all
    prepare: Callable[[Home], object] = _nothing
    broken_off: Callable[[Home], list[str]] = _nothing
    finished: Callable[[Home], list[str]] = _nothing
    keeps: tuple[str, ...] = ()
    damaged: bool = False


def _fewer(home: Home, version: int = 1) -> Ledger:
    return home.all(version, without=tuple(name for name in NAMES if name not in FEWER))


CARES = {
    "migration": Care(
        _migrate,
        prepare=_as_version_1,
        broken_off=_one_version,
        finished=_kept,
        keeps=(re.escape(KEPT.format(1)),),
    ),
    "restore": Care(_restore, after=lambda home: _fewer(home, 2), broken_off=_old_library_aside),
    "reindex": Care(_reindex, after=lambda home: home.all(embedder=OtherEmbedder)),
    "rebuild": Care(_rebuild),
    "purge": Care(_purge, after=lambda home: home.all(without=(GONE,)), finished=_no_word_left),
    "damage": Care(
        _restore,
        after=lambda home: _fewer(home, 2),
        prepare=_damage,
        damaged=True,
        keeps=("catalogue-damaged-.*",),
    ),
    "backup": Care(
        _back_up,
        broken_off=lambda home: _whole_backup(home.backup, len(NAMES), len(FEWER)),
        finished=lambda home: _whole_backup(home.backup, len(NAMES)),
    ),
    "backup inside": Care(
        _back_up_inside,
        broken_off=lambda home: _whole_backup(home.inside, len(NAMES)),
        keeps=(r"some\.backup",),
    ),
    "compaction": Care(_compact, before=_fewer, after=_fewer, prepare=_half_empty),
}


ON_FULL_DISK = {
    "backup": CARES["backup"],
    "restore": replace(CARES["restore"], run=_only_restore),
    "reindex": replace(CARES["reindex"], run=_only_reindex),
    "purge": replace(CARES["purge"], prepare=_remove, before=CARES["purge"].after),
}
"""Where an error means that the library is as it was: each of one step, with nothing after it."""


def broken_off(home: Home, care: Care, *, mend: bool, undone: bool = False) -> list[str]:
    """Return what is wrong with a library whose care broke off.

    Args:
        home: where it is.
        care: what was being done.
        mend: whether to repair what a check finds.
        undone: whether the library must be as it was before.
    """
    wrong = care.broken_off(home)
    try:
        with Library.open(home.library) as library:
            before = care.before(home).check(library)
            if before and not undone:
                after = care.after(home).check(library)
                before = min(before, after, key=len)
            return wrong + before + list(_findings(library, mend=mend))
    except LibraryDamaged as error:
        return wrong if care.damaged and "footnote restore" in str(error) else [f"does not open: {error}"]
    except FootnoteError as error:
        return [*wrong, f"does not open: {error}"]


def finished(home: Home, care: Care) -> list[str]:
    """Do it again, and return what is wrong after that."""
    try:
        care.run(home)
        with Library.open(home.library) as library:
            wrong = care.after(home).check(library) + list(_findings(library, mend=True))
            wrong += check_index(library)
    except FootnoteError as error:
        return [f"does not open: {error}"]
    known = "|".join((re.escape(FILE), r"writer\.lock", r"chroma-\d+", *care.keeps))
    names = [file.name for file in home.library.iterdir()]
    wrong += [f"otherwise: {name} is left over" for name in names if not re.fullmatch(known, name)]
    wrong += [
        f"otherwise: {file} is left over" for file in home.backup.parent.iterdir() if file != home.backup
    ]
    return wrong + care.finished(home)


def _findings(library: Library, *, mend: bool) -> Iterator[str]:
    """Yield what a check finds that it should not, and what stays of it after a repair."""
    found = check(library)
    yield from (f"found: {each.area}: {each.what}" for each in found if not _expected(each.what))
    if mend:
        while repair(library, found):
            found = check(library)
        yield from (f"not repaired: {each.area}: {each.what}" for each in found if each.repair)


def _expected(what: str) -> bool:
    return any(words in what for words in _EXPECTED)
