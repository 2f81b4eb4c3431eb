"""The kinds of care for a library: what is done, and what it changes."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from homes import FEWER, GONE, Home, OtherEmbedder, as_version_1, copied_often, damaged, half_empty
from ledger import Ledger
from workload import NAMES, remove, words

from rag.catalog import FILE
from rag.errors import FootnoteError
from rag.library import Library
from rag.maintenance.backup import read_backup, write_backup
from rag.maintenance.migrations import KEPT
from rag.maintenance.restoring import ASIDE, restore
from rag.reindexing import reindex
from rag.storage.schema import SCHEMA_VERSION

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
    copied_often(home)
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
        library.catalog.compact()


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
        prepare=as_version_1,
        broken_off=_one_version,
        finished=_kept,
        keeps=(re.escape(KEPT.format(1)),),
    ),
    "restore": Care(_restore, after=lambda home: _fewer(home, 2), broken_off=_old_library_aside),
    "reindex": Care(_reindex, after=lambda home: home.all(embedder=OtherEmbedder)),
    "rebuild": Care(_rebuild),
    "purge": Care(
        _purge, prepare=copied_often, after=lambda home: home.all(without=(GONE,)), finished=_no_word_left
    ),
    "damage": Care(
        _restore,
        after=lambda home: _fewer(home, 2),
        prepare=damaged,
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
    "compaction": Care(_compact, before=_fewer, after=_fewer, prepare=half_empty),
}


ON_FULL_DISK = {
    "backup": CARES["backup"],
    "restore": replace(CARES["restore"], run=_only_restore),
    "reindex": replace(CARES["reindex"], run=_only_reindex),
    "purge": replace(CARES["purge"], prepare=_remove, before=CARES["purge"].after),
}
"""Where an error means that the library is as it was: each of one step, with nothing after it."""
