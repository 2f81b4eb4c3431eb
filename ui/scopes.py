"""What a question of a program searches: all that its user may see, or a collection by name."""

from __future__ import annotations

from rag.collections import Collection, Collections
from rag.errors import CollectionNotFound
from rag.library import Library
from ui.visitors import documents_for


def searched(library: Library, user: str, collection: str = "") -> frozenset[str] | None:
    """Return the ids of the documents that a user's question searches; None for all that there are.

    Args:
        library: what is searched.
        user: who asks; empty where nobody signs in.
        collection: the name or id of one of the user's collections; empty for everything they may see.

    Raises:
        CollectionNotFound: the user has none by that name or id.
    """
    if not user and not collection:
        return None
    seen = frozenset(document.id for document in documents_for(library, user))
    if not collection:
        return seen
    collections = Collections(library.catalog)
    return seen & collections.document_ids(collection_named(collections, user, collection).id, user)


def collection_named(collections: Collections, user: str, name: str) -> Collection:
    """Return a user's collection by its name, in any case, or by its id.

    Raises:
        CollectionNotFound: there is none.
    """
    every = collections.of(user)
    for each in every:
        if name == each.id or " ".join(name.split()).casefold() == each.name.casefold():
            return each
    known = ", ".join(f"'{each.name}'" for each in every) or "none yet"
    raise CollectionNotFound(f"no collection '{name[:80]}': there is {known}")
