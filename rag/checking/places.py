"""Looks at the files that the documents come from, and at what the library takes of the disk."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from rag.catalog import FILE, Catalog
from rag.checking.finding import BY_ITSELF, Finding
from rag.dense.index_files import index_folders
from rag.dense.index_records import IndexRecords
from rag.maintenance.contents import is_kept
from rag.maintenance.restoring import ASIDE
from rag.progress import Progress
from rag.storage import sqlite_files
from rag.storage.partial import abandoned
from rag.storage.schema import UNBORN, translated
from rag.storage.tables import next_vectors, passages, vectors
from rag.text.naming import path_of
from rag.types import Document

MAX_LOG = 64 << 20
"""Bytes of SQLite's log above which it was not emptied as it should be: SQLite does so at 4 MB."""

MIN_FREE = 16 << 20
MAX_FREE_SHARE = 0.5
"""Bytes and share of the catalogue's pages that may be empty."""

_ROOM = 64 << 20


def look_at_sources(documents: Sequence[Document], progress: Progress) -> list[Finding]:
    """Return the documents that failed, and those whose file has changed or gone."""
    found = []
    for done, document in enumerate(documents):
        progress("looking at the files", done, len(documents))
        path = path_of(document.uri)
        if document.status == "failed":
            advice = f"correct the file and add it again, or run 'footnote remove {document.id}'"
            found.append(Finding("sources", f"could not be read: {document.error}", advice))
        elif path is not None and not is_kept(document.uri):
            found += _of_file(document, path)
    return found


def _of_file(document: Document, path: Path) -> list[Finding]:
    remove = f"'footnote remove {document.id}'"
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return [Finding("sources", f"{path} is not a file any more", f"run {remove}, or put it back")]
        with path.open("rb") as data:
            same = hashlib.file_digest(data, "sha256").hexdigest() == document.sha256
    except (FileNotFoundError, NotADirectoryError):
        return [Finding("sources", f"{path} is gone", f"run {remove}, or leave it: its text is kept")]
    except OSError as error:
        what = f"{path} cannot be read ({error.strerror or error})"
        return [Finding("sources", what, "check its permissions")]
    if same:
        return []
    return [Finding("sources", f"{path} has changed since it was added", "run 'footnote add' with it")]


def look_at_disk(catalog: Catalog) -> list[Finding]:
    """Return what takes more of the disk than it should, and what was left over."""
    found = [
        Finding("disk", f"{path.name} is left over", BY_ITSELF, "leftovers") for path in leftovers(catalog)
    ]
    if (catalog.folder / ASIDE).exists():
        what = f"a restore was stopped: the library before it is kept in {ASIDE}"
        advice = "remove that file if the library is as it should be, else restore it with --replace"
        found.append(Finding("disk", what, advice))
    return found + _unfinished_change(catalog) + _space(catalog) + _index_size(catalog)


def leftovers(catalog: Catalog) -> list[Path]:
    """Return what nothing uses any more and can be removed."""
    used = IndexRecords(catalog).read().get("folder")
    folder = catalog.folder
    indexes = [path for path in index_folders(folder) if path.name != used]
    return [*indexes, *abandoned(folder), *sorted(folder.glob(UNBORN))]


def _unfinished_change(catalog: Catalog) -> list[Finding]:
    with catalog.transaction(write=False) as connection:
        n_next = connection.scalar(sa.select(sa.func.count()).select_from(next_vectors)) or 0
        n_all = connection.scalar(sa.select(sa.func.count()).select_from(passages)) or 0
    if not n_next:
        return []
    what = f"a change to the embedder {catalog.get_meta('next_embedder')} stopped at {n_next} of {n_all}"
    return [Finding("disk", what, "run 'footnote reindex' with that embedder again: it goes on there")]


def _space(catalog: Catalog) -> list[Finding]:
    if catalog.shared:  # PostgreSQL's autovacuum sees to it
        return []
    path = catalog.folder / FILE
    log = path.with_name(f"{FILE}-wal")
    with translated(catalog.folder), sqlite_files.opened(path) as connection:
        [page], [pages], [free] = (
            connection.execute(f"PRAGMA {name}").fetchone()
            for name in ("page_size", "page_count", "freelist_count")
        )
    found = []
    if log.exists() and log.stat().st_size > MAX_LOG:
        what = f"the catalogue's log takes {_megabytes(log.stat().st_size)}"
        found.append(Finding("disk", what, BY_ITSELF, "space"))
    if free * page > MIN_FREE and free > MAX_FREE_SHARE * pages:
        what = f"{_megabytes(free * page)} of the catalogue's {_megabytes(pages * page)} are empty"
        found.append(Finding("disk", what, BY_ITSELF, "space"))
    return found


def _index_size(catalog: Catalog) -> list[Finding]:
    """Return whether the index is far larger than its vectors: damaged ones grew to terabytes."""
    state = IndexRecords(catalog).read()
    if not state:
        return []
    folder = catalog.folder / state["folder"]
    taken = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    with catalog.transaction(write=False) as connection:
        held = connection.scalar(sa.select(sa.func.sum(sa.func.length(vectors.c.vector)))) or 0
    if taken <= 8 * held + _ROOM:
        return []
    what = f"it takes {_megabytes(taken)} for {_megabytes(held)} of vectors"
    return [Finding("index", what, BY_ITSELF, "index")]


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.0f} MB"
