"""Saves from a damaged catalogue every document that is whole, and puts these in its place.

A document is saved as it is, all of it, or not at all. Where the checksums of the catalogue's pages are there
(see `rag.storage.page_sums`), what is saved is what was added, to the last bit; where they are not, it is
what passes every check that its rows allow.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.catalog import FILE
from rag.checking.remains import COLUMNS, Remains
from rag.checking.whole import Parts, fault
from rag.errors import LibraryDamaged, StorageError
from rag.maintenance.restoring import set_aside
from rag.progress import Progress
from rag.storage import page_sums, sqlite_files
from rag.storage.lock import WriterLock
from rag.storage.partial import partial
from rag.storage.schema import SCHEMA_VERSION, check_version, create, translated
from rag.storage.tables import OF_THE_CHAT
from rag.types import Document, Passage

UNKNOWN = "unknown"
"""Stands for the embedder where its name is lost: no embedder is called so, and only a reindex goes on."""

_NOT_KEPT = ("backup", "index", "index-served", "next_embedder")
"""Facts of what is not saved."""

Identify = Callable[[Document, Sequence[Passage], Sequence[str]], bool]
"""Whether the ids of a document and its passages are those of their content; with each passage's context."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A document that could not be saved, by what is known of it, and why."""

    title: str
    uri: str
    why: str


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was saved of a library, and what was not.

    Attributes:
        n_documents: how many documents were saved.
        n_passages: how many passages these have.
        lost: the others.
        kept: the damaged catalogue.
        exact: whether checksums vouch for every page that was read.
        knows_embedder: whether the name of the embedder was saved; if not, only a reindex goes on.
    """

    n_documents: int
    n_passages: int
    lost: tuple[Lost, ...]
    kept: Path
    exact: bool
    knows_embedder: bool


def salvage(
    folder: Path, identify: Identify = lambda *_: True, progress: Progress = lambda *_: None
) -> Salvage:
    """Put a catalogue with all documents that are whole in the place of a damaged one, which is kept.

    Nobody in this process may have the library open.

    Args:
        folder: that of the library.
        identify: asked for each document where no checksums vouch for what is read.
        progress: called with each stage.

    Raises:
        LibraryDamaged: no document can be saved; everything is as it was.
        LibraryIncompatible: a newer version made it.
        LibraryInUse: another process writes to it.
        StorageError: there is no room for two more catalogues meanwhile, or no permission.
    """
    live = folder / FILE
    lock = WriterLock(folder)
    lock.acquire("footnote check --repair")
    try:
        with translated(folder), partial(live) as copy, partial(live) as new:
            progress("reading what is left", 0, 0)
            exact = live.exists() and _copied(live, copy)
            with sqlite_files.opened(copy) as connection:
                remains = Remains(connection)
                check_version(max(1, _number(remains.facts.get("schema_version"))), str(folder))
                new.unlink()
                create(new)
                n_passages, saved, lost = _written(new, remains, None if exact else identify, progress)
            never_used = exact or not _number(remains.facts.get("generation"))
            if not saved and (lost or "schema_version" not in remains.facts or not never_used):
                raise LibraryDamaged(
                    f"nothing of the catalogue in {folder} can be saved: bring it back by 'footnote restore "
                    "FILE --replace', or move the folder away and add the documents again",
                    reason="nothing in it can be saved",
                )
            sqlite_files.flush(new)
            kept = set_aside(folder)
            os.replace(new, live)
            page_sums.forget(live)
            sqlite_files.flush(folder)
    finally:
        lock.release()
    return Salvage(saved, n_passages, tuple(lost), kept, exact, "embedder" in remains.facts)


def _copied(live: Path, copy: Path) -> bool:
    """Copy a damaged catalogue; return whether only pages with the right checksums can be read there."""
    sums = page_sums.read(live)
    if sums is not None:
        with live.open("rb") as source, copy.open("wb") as target:
            if page_sums.write_undamaged(source, target, sums):
                return True
    shutil.copyfile(live, copy)
    log = live.with_name(f"{FILE}-wal")
    if log.exists():
        shutil.copyfile(log, copy.with_name(f"{copy.name}-wal"))
    return False


def _written(
    new: Path, remains: Remains, identify: Identify | None, progress: Progress
) -> tuple[int, int, list[Lost]]:
    """Write what is whole to a new catalogue; return its passages, its documents, and what was lost."""
    n_passages, n_bytes, names = 0, remains.vector_bytes(), remains.names()
    saved: set[int] = set()
    lost: dict[int, Lost] = {}
    with sqlite_files.opened(new) as target:
        target.execute("PRAGMA foreign_keys=ON")
        target.execute("BEGIN")
        _write_facts(target, remains)
        for done, (number, row) in enumerate(remains.documents.items()):
            progress("saving what is whole", done, len(remains.documents))
            parts = Parts(row, remains.text(row["id"]), remains.passages(row["id"]))
            why = fault(parts, n_bytes, has_text=remains.has_text(row["id"]))
            if not why and identify is not None and not identify(*parts.cut):
                why = "it is damaged"
            if not why and not _insert(target, parts):
                why = "it is there twice"
            if why:
                lost[number] = Lost(str(row["title"]), str(row["uri"]), why)
            else:
                saved.add(number)
                n_passages += len(parts.passages)
        _write_chats(target, remains)
        progress("making the lexical index again", 0, 0)
        target.execute("INSERT INTO passage_index(passage_index) VALUES ('rebuild')")
        target.execute("COMMIT")
        if sqlite_files.integrity(target):
            raise StorageError(f"what was saved to {new} does not read back: check the disk")
    for number, uri in names.items():
        if number not in saved:
            lost.setdefault(number, Lost("", uri, "what is known of it cannot be read"))
    unnamed = len(remains.ownerless()) - sum(not each.title for each in lost.values())
    nameless = [Lost("", "", "what is known of it cannot be read")] * max(0, unnamed)
    return n_passages, len(saved), [*lost.values(), *nameless]


def _write_facts(target: sqlite3.Connection, remains: Remains) -> None:
    facts = {key: value for key, value in remains.facts.items() if key not in _NOT_KEPT}
    facts["schema_version"] = str(SCHEMA_VERSION)
    facts["generation"] = str(_number(facts.get("generation")) + 1 or int(time.time()))
    if remains.documents:
        facts.setdefault("embedder", UNKNOWN)
    target.executemany("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)", facts.items())


def _write_chats(target: sqlite3.Connection, remains: Remains) -> None:
    """Store what people added in the chat; a row goes with the one that it belongs to."""
    for table in OF_THE_CHAT:
        columns = [column.name for column in table.columns]
        names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
        for row in remains.rows(table.name, columns):
            with suppress(sqlite3.IntegrityError):
                target.execute(f"INSERT INTO {table.name}({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - names


def _insert(target: sqlite3.Connection, parts: Parts) -> bool:
    """Store a document as it is, all of it or nothing; return whether there was room for its ids."""
    target.execute("SAVEPOINT document")
    try:
        for table, row in parts.rows:
            marks = ", ".join("?" * len(row))
            target.execute(f"INSERT INTO {table}({COLUMNS[table]}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - names
    except sqlite3.IntegrityError:
        target.execute("ROLLBACK TO document")
        return False
    finally:
        target.execute("RELEASE document")
    return True


def _number(value: str | None) -> int:
    """Return the number that a fact is; -1 where it is none."""
    return int(value) if value is not None and value.isdecimal() else -1
