"""What a question of a program searches: all that its user may see, or a collection by name."""

from __future__ import annotations

from rag.library import Library
from rag.people.collections import Collections
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
    return seen & collections.document_ids(collections.find(collection, user).id, user)
