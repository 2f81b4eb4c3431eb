"""Looks at the catalogue's rows: whole, pointing to each other, and at the right places of the texts."""

from __future__ import annotations

import sqlalchemy as sa

from rag.catalog import FILE, Catalog
from rag.checking.finding import BY_ITSELF, SALVAGE, Finding
from rag.maintenance.upkeep import lexical_index_fits
from rag.progress import Progress
from rag.storage import sqlite_files
from rag.storage.rows import find_document
from rag.storage.schema import translated
from rag.storage.tables import passages, texts

_OF_AN_INDEX = ("missing from index", "wrong # of entries in index", "non-unique entry in index")
"""SQLite's words for what REINDEX mends: the rows themselves are whole."""


def look_at_catalogue(catalog: Catalog, progress: Progress) -> list[Finding]:
    """Return what SQLite's own checks find; PostgreSQL looks after its tables itself."""
    if catalog.shared:
        return []
    progress("checking the catalogue", 0, 0)
    with translated(catalog.folder), sqlite_files.opened_to_read(catalog.folder / FILE) as connection:
        lines = [line for line in sqlite_files.integrity(connection) if "passage_index" not in line]
        broken = [] if lines else connection.execute("PRAGMA foreign_key_check").fetchall()
    if lines and all(any(words in line for words in _OF_AN_INDEX) for line in lines):
        what = f"an index of its tables is wrong ({lines[0]})"
        return [Finding("catalogue", what, BY_ITSELF, "tables' indexes")]
    if lines:
        more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
        first = " ".join(lines[0].split()).removeprefix("*** in database main *** ")
        return [Finding("catalogue", f"it is damaged ({first}{more})", SALVAGE, "catalogue")]
    tables = sorted({table for table, *_ in broken})
    return [
        Finding(
            "catalogue", f"rows of the table {table} belong to nothing that is there", SALVAGE, "catalogue"
        )
        for table in tables
    ]


def look_at_offsets(catalog: Catalog, progress: Progress) -> list[Finding]:
    """Return the documents whose passages are not what stands at their offsets."""
    found = []
    every = catalog.documents()
    for done, document in enumerate(every):
        progress("checking the offsets", done, len(every))
        found += _of_document(catalog, document.id)
    return found


def _of_document(catalog: Catalog, document_id: str) -> list[Finding]:
    columns = (passages.c.start, passages.c.end, passages.c.text)
    query = sa.select(*columns).where(passages.c.document_id == document_id)
    whole = sa.select(texts.c.text).where(texts.c.document_id == document_id)
    with catalog.transaction(write=False) as connection:  # one, since others may write meanwhile
        document = find_document(connection, document_id)
        text = connection.scalar(whole) or ""
        rows = connection.execute(query).all()
    if document is None:
        return []
    moved = sum(text[row.start : row.end] != row.text for row in rows)
    name = f"{document.title} ({document.id})"
    if moved:
        what = f"{moved} of {len(rows)} passages of {name} do not stand where their offsets point"
    elif (len(text), len(rows)) != (document.n_chars, document.n_passages):
        what = (
            f"{name} has {len(text)} characters and {len(rows)} passages, "
            f"not {document.n_chars} and {document.n_passages}"
        )
    else:
        return []
    return [Finding("catalogue", what, f"run 'footnote remove {document.id}', and add the file again")]


def look_at_lexical_index(catalog: Catalog, progress: Progress) -> list[Finding]:
    """Return whether the lexical index and the passages differ."""
    progress("checking the lexical index", 0, 0)
    if lexical_index_fits(catalog):
        return []
    return [
        Finding("lexical index", "it does not hold the words of the passages", BY_ITSELF, "lexical index")
    ]
