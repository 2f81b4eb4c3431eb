"""What a user left in a library: uploads, collections, conversations; and how to remove all of it.

What lets a user in, a password, sessions and API keys, is nothing that is left: it goes with the user.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import sqlalchemy as sa

from rag.library import Library
from rag.maintenance.upkeep import UPLOADS
from rag.people.access import owner_of, private_folder
from rag.people.users import check_name
from rag.storage.schema import translated
from rag.storage.tables import collections, conversations
from rag.text.wording import counted


@dataclass(frozen=True, slots=True)
class Belongings:
    """How much of a library is one user's."""

    documents: int
    collections: int
    conversations: int

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return any((self.documents, self.collections, self.conversations))

    def __str__(self) -> str:
        counts = (
            (self.documents, "document"),
            (self.collections, "collection"),
            (self.conversations, "conversation"),
        )
        parts = [counted(n, noun) for n, noun in counts if n]
        return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:]))) or "nothing"


def belongings(library: Library, user: str) -> Belongings:
    """Return how much of the library is a user's, whether that user still may sign in or not."""
    with library.catalog.transaction(write=False) as connection:
        counts = [
            connection.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.owner == user)) or 0
            for table in (collections, conversations)
        ]
    return Belongings(len(_uploaded(library, user)), *counts)


def remove_belongings(library: Library, user: str) -> Belongings:
    """Remove a user's uploads with their files, collections and conversations; return how much that was.

    Raises:
        UserError: no user can have that name.
        LibraryInUse: another process holds the library.
        StorageError: something cannot be removed; run again, it goes on where it stopped.
    """
    check_name(user)  # it names a folder that is removed
    library.lock()
    found = belongings(library, user)
    for document_id in _uploaded(library, user):
        library.remove(document_id)
    with library.catalog.transaction(write=True) as connection:
        for table in (collections, conversations):
            connection.execute(table.delete().where(table.c.owner == user))
    folder = library.path / UPLOADS / private_folder(user)
    with translated(library.path):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
    return found


def _uploaded(library: Library, user: str) -> list[str]:
    return [document.id for document in library.catalog.documents() if owner_of(document.uri) == user]
