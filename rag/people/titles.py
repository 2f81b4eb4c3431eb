"""Titles that people give to documents; the title of a document's file is one removal away."""

from __future__ import annotations

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import UsageError
from rag.storage.tables import documents, titles

LONGEST = 200
"""Characters of a given title."""


class Titles:
    """The given titles of a library. Safe for threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def give(self, document_id: str, title: str) -> None:
        """Let a document be shown under a title; an empty one gives it back that of its file.

        Raises:
            UsageError: the title is too long.
            StorageError: the library may only be read.
        """
        words = " ".join(title.split())
        if len(words) > LONGEST:
            raise UsageError(
                f"a title has at most {LONGEST} characters, and this one {len(words)}: shorten it"
            )
        with self._catalog.transaction(write=True) as connection:
            connection.execute(titles.delete().where(titles.c.document_id == document_id))
            if words:
                row = sa.select(documents.c.id, sa.literal(words)).where(documents.c.id == document_id)
                connection.execute(titles.insert().from_select(["document_id", "title"], row))
