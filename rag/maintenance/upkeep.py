"""What keeps a library small and whole, and makes a removal real: under the writer's lock."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import LibraryInUse, StorageError
from rag.maintenance.contents import Contents, is_kept
from rag.maintenance.migrations import KEPT
from rag.maintenance.restoring import ASIDE
from rag.storage.partial import abandoned
from rag.storage.schema import translated
from rag.storage.sqlite_store import DAMAGED
from rag.storage.stored import sources_of
from rag.storage.tables import documents, next_vectors, turns

UPLOADS = "uploads"
"""Folder in a library for the files that came through the browser."""

PURGED = "the documents that this answer rested on were removed for good: ask again"

_COPIES = (KEPT.format("*"), ASIDE, DAMAGED.format("*"))
"""What is kept of earlier catalogues: before a migration, and by a restore."""


def rebuild_lexical_index(catalog: Catalog) -> None:
    """Make the lexical index again from the passages."""
    with catalog.transaction(write=True) as connection:
        catalog.lexical.rebuild(connection)


def lexical_index_fits(catalog: Catalog) -> bool:
    """Return whether the lexical index holds the words of the passages, and no others."""
    with catalog.transaction(write=True) as connection:
        return catalog.lexical.fits(connection)


def rebuild_indexes(catalog: Catalog) -> None:
    """Make the indexes of SQLite's tables again."""
    with catalog.transaction(write=True) as connection:
        connection.exec_driver_sql("REINDEX")


def drop_next_vectors(catalog: Catalog) -> None:
    """Forget a change of embedder that was begun."""
    with catalog.transaction(write=True) as connection:
        connection.execute(next_vectors.delete())
        connection.execute(sa.text("DELETE FROM meta WHERE key = 'next_embedder'"))


def forget_answers(catalog: Catalog) -> int:
    """Forget the kept answers that rest on documents which are gone, and return how many; questions stay."""
    with catalog.transaction(write=True) as connection:
        known = set(connection.scalars(sa.select(documents.c.id)))
        kept = connection.execute(sa.select(turns).where(turns.c.answer.is_not(None))).all()
        gone = [turn for turn in kept if not sources_of(turn.answer) <= known]
        for turn in gone:
            left = {"state": "failed", "answer": None, "error": PURGED, "words": turn.question.casefold()}
            connection.execute(turns.update().where(turns.c.id == turn.id).values(left))
    return len(gone)


def forget_removed(catalog: Catalog) -> None:
    """Leave nothing of removed text in the catalogue's files, nor in the copies kept of it.

    Raises:
        LibraryInUse: another process still reads what was removed.
        StorageError: there is no room for a second catalogue meanwhile, or a copy cannot be removed.
    """
    forget_answers(catalog)
    rebuild_lexical_index(catalog)
    if not catalog.compact():
        raise LibraryInUse(
            f"another process reads the library {catalog.folder}, so that what was removed is still in its "
            "log: close it, and run 'footnote remove --purge' again"
        )
    with translated(catalog.folder):
        for copy in copies(catalog.folder):
            copy.unlink()
    if left := copies(catalog.folder):
        raise StorageError(f"{left[0]} cannot be removed, and may hold removed text: remove it")


def remove_uploads(catalog: Catalog) -> None:
    """Remove the uploaded files that no document of the library is made from.

    Raises:
        StorageError: one cannot be removed.
    """
    known = {document.uri for document in catalog.documents()}
    Contents(catalog).remove_all_but(known)
    with translated(catalog.folder):
        for file in sorted((catalog.folder.absolute() / UPLOADS).rglob("*"), reverse=True):
            if file.is_dir() and not file.is_symlink():
                _remove_empty(file)
            elif file.as_uri() not in known:
                file.unlink()


def remove_upload(catalog: Catalog, uri: str) -> None:
    """Remove the file of a document that came through the browser, and folders that it leaves empty.

    Args:
        catalog: the library's.
        uri: where the document's file is; one outside of the library's uploads is left alone.

    Raises:
        StorageError: it cannot be removed.
    """
    if is_kept(uri):
        Contents(catalog).remove(uri)
        return
    folder = catalog.folder
    uploads, file = folder.absolute() / UPLOADS, uploaded(folder, uri)
    if file is None:
        return
    with translated(folder):
        file.unlink(missing_ok=True)
        for parent in file.parents:
            if parent == uploads or not _remove_empty(parent):
                return


def uploaded(folder: Path, uri: str) -> Path | None:
    """Return the file of a document that came through the browser, None for any other.

    Args:
        folder: the library's.
        uri: where the document's file is.
    """
    parts = urlsplit(uri)
    file = Path(os.fsdecode(unquote_to_bytes(parts.path)))
    inside = parts.scheme == "file" and ".." not in file.parts
    return file if inside and file.is_relative_to(folder.absolute() / UPLOADS) else None


def _remove_empty(folder: Path) -> bool:
    """Remove a folder if nothing is in it, and say whether it is gone."""
    with suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def copies(folder: Path) -> list[Path]:
    """Return the copies of earlier catalogues in a library's folder, and what is left of unfinished ones."""
    return sorted(file for pattern in _COPIES for file in folder.glob(pattern)) + abandoned(folder)
