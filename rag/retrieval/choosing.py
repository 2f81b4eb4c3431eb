"""What a question is to search, from the names of collections and documents."""

from __future__ import annotations

from collections.abc import Sequence

from rag.errors import UsageError
from rag.library import Library
from rag.people.collections import Collections


def choose(
    library: Library, collections: Sequence[str] = (), documents: Sequence[str] = ()
) -> frozenset[str] | None:
    """Return the ids of the documents in these collections together with these documents; None for all.

    Args:
        library: where they are looked up; its collections are those of nobody in particular.
        collections: names or ids.
        documents: ids, uris, paths, file names or titles.

    Raises:
        CollectionNotFound: there is no such collection.
        DocumentNotFound: there is no such document, or a name fits several.
        UsageError: nothing is in the collections.
    """
    if not collections and not documents:
        return None
    kept = Collections(library.catalog)
    chosen = {library.find(name).id for name in documents}
    for name in collections:
        chosen |= kept.document_ids(kept.find(name, "").id, "")
    if not chosen:
        named = ", ".join(f"'{name}'" for name in collections)
        raise UsageError(f"no document is in the collection {named}: put some into it in the chat")
    return frozenset(chosen)
