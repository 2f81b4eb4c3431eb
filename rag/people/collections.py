"""Collections: named choices of documents, each of one person; a document may be in many of them."""

from __future__ import annotations

import secrets
from collections.abc import Collection as Several
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import CollectionNotFound, UsageError
from rag.storage.portable import insert_absent
from rag.storage.tables import collected, collections, documents

LONGEST = 80
"""Characters of a name."""

_NAMED = 10
"""Collections that an error names."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A named choice of documents; `n_documents` is how many are in it."""

    id: str
    name: str
    made_at: str
    n_documents: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, ready for JSON."""
        return asdict(self)


class Collections:
    """The collections of a library. Safe for threads.

    An owner is the name of a user, or empty where nobody signs in; another owner's collection is not there
    at all. Which documents an owner may see is for the caller to know.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of(self, owner: str) -> list[Collection]:
        """Return an owner's collections, in the order of their names."""
        size = sa.select(sa.func.count()).where(collected.c.collection_id == collections.c.id)
        query = sa.select(collections, size.scalar_subquery().label("n")).where(collections.c.owner == owner)
        with self._catalog.transaction(write=False) as connection:
            rows = connection.execute(query).all()
        found = [Collection(row.id, row.name, row.made_at, row.n) for row in rows]
        return sorted(found, key=lambda each: (each.name.casefold(), each.id))

    def get(self, collection_id: str, owner: str) -> Collection:
        """Return one collection.

        Raises:
            CollectionNotFound: there is none, or it is another owner's.
        """
        found = next((each for each in self.of(owner) if each.id == collection_id), None)
        if found is None:
            raise _missing(collection_id)
        return found

    def find(self, name: str, owner: str) -> Collection:
        """Return an owner's collection by its name, in whatever case, or by its id.

        Raises:
            CollectionNotFound: there is none, or it is another owner's.
        """
        every = self.of(owner)
        words = " ".join(name.split()).casefold()
        for each in every:
            if words == each.name.casefold() or name == each.id:
                return each
        known = ", ".join(f"'{each.name}'" for each in every[:_NAMED]) or "none"
        more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
        raise CollectionNotFound(f"no collection '{name[:LONGEST]}': there is {known}{more}")

    def document_ids(self, collection_id: str, owner: str) -> frozenset[str]:
        """Return the ids of the documents in a collection.

        Raises:
            CollectionNotFound: there is none, or it is another owner's.
        """
        with self._catalog.transaction(write=False) as connection:
            _check(connection, collection_id, owner)
            query = sa.select(collected.c.document_id).where(collected.c.collection_id == collection_id)
            return frozenset(connection.scalars(query))

    def holding(self, document_ids: Several[str], owner: str) -> dict[str, tuple[str, ...]]:
        """Return the names of an owner's collections that each document is in, in their order."""
        query = (
            sa.select(collected.c.document_id, collections.c.name)
            .join(collections, collections.c.id == collected.c.collection_id)
            .where(collections.c.owner == owner, collected.c.document_id.in_(document_ids))
        )
        found: dict[str, list[str]] = {}
        with self._catalog.transaction(write=False) as connection:
            for row in connection.execute(query):
                found.setdefault(row.document_id, []).append(row.name)
        return {identity: tuple(sorted(names, key=str.casefold)) for identity, names in found.items()}

    def create(self, name: str, owner: str) -> Collection:
        """Make an empty collection.

        Raises:
            UsageError: the name is empty, too long, or that of another collection.
            StorageError: the library may only be read.
        """
        made = Collection(secrets.token_hex(8), named(name), datetime.now(UTC).isoformat(timespec="seconds"))
        with self._catalog.transaction(write=True) as connection:
            _check_free(connection, made.name, owner)
            row = {"id": made.id, "owner": owner, "name": made.name, "made_at": made.made_at}
            connection.execute(collections.insert().values(row))
        return made

    def rename(self, collection_id: str, name: str, owner: str) -> None:
        """Give a collection another name.

        Raises:
            CollectionNotFound: there is none, or it is another owner's.
            UsageError: the name is empty, too long, or that of another collection.
            StorageError: the library may only be read.
        """
        words = named(name)
        with self._catalog.transaction(write=True) as connection:
            _check(connection, collection_id, owner)
            _check_free(connection, words, owner, but=collection_id)
            chosen = collections.update().where(collections.c.id == collection_id)
            connection.execute(chosen.values(name=words))

    def delete(self, collection_id: str, owner: str) -> None:
        """Delete a collection; its documents stay.

        Raises:
            CollectionNotFound: there is none, or it is another owner's.
            StorageError: the library may only be read.
        """
        with self._catalog.transaction(write=True) as connection:
            _check(connection, collection_id, owner)
            connection.execute(collections.delete().where(collections.c.id == collection_id))

    def add(self, collection_id: str, document_ids: Several[str], owner: str) -> None:
        """Put documents into a collection; those that are gone or in it already are passed over.

        Raises:
            CollectionNotFound: there is none, or it is another owner's.
            StorageError: the library may only be read.
        """
        with self._catalog.transaction(write=True) as connection:
            _check(connection, collection_id, owner)
            for document_id in document_ids:
                there = sa.select(sa.literal(collection_id), documents.c.id).where(
                    documents.c.id == document_id
                )
                insert_absent(connection, collected, there)

    def take(self, collection_id: str, document_ids: Several[str], owner: str) -> None:
        """Take documents out of a collection; they stay in the library.

        Raises:
            CollectionNotFound: there is none, or it is another owner's.
            StorageError: the library may only be read.
        """
        with self._catalog.transaction(write=True) as connection:
            _check(connection, collection_id, owner)
            inside = collected.delete().where(collected.c.collection_id == collection_id)
            for document_id in document_ids:
                connection.execute(inside.where(collected.c.document_id == document_id))


def named(name: str) -> str:
    """Return a name with single spaces between its words.

    Raises:
        UsageError: it is empty or too long.
    """
    words = " ".join(name.split())
    if not words:
        raise UsageError("a collection needs a name: type one")
    if len(words) > LONGEST:
        raise UsageError(f"a name has at most {LONGEST} characters, and this one {len(words)}: shorten it")
    return words


def _check(connection: sa.Connection, collection_id: str, owner: str) -> None:
    query = sa.select(collections.c.id).where(collections.c.id == collection_id, collections.c.owner == owner)
    if connection.scalar(query) is None:
        raise _missing(collection_id)


def _check_free(connection: sa.Connection, name: str, owner: str, *, but: str = "") -> None:
    query = sa.select(collections.c.id, collections.c.name).where(collections.c.owner == owner)
    for row in connection.execute(query):
        if row.id != but and row.name.casefold() == name.casefold():
            raise UsageError(f"there is a collection '{row.name}' already: choose another name")


def _missing(collection_id: str) -> CollectionNotFound:
    return CollectionNotFound(f"no collection '{collection_id[:80]}': it may have been deleted")
