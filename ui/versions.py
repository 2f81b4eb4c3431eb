"""Tells pages whether what they show of the library has changed, whoever changed it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ui.visitors import documents_for

if TYPE_CHECKING:
    from rag.library import Library


class Versions:
    """A word for each user that is another one after every change of the documents that they may see."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[str, tuple[tuple[int, int], str]] = {}

    def of(self, user: str) -> str:
        """Return the word; it tells nothing of what others have."""
        catalog = self._library.catalog
        state = (catalog.generation, catalog.n_documents)
        known = self._known.get(user)
        if known is None or known[0] != state:
            known = self._known[user] = (state, self._digest(user))
        return known[1]

    def _digest(self, user: str) -> str:
        seen = hashlib.sha256()
        for each in documents_for(self._library, user):
            seen.update(f"{each.id} {each.sha256} {each.status} {each.title}\n".encode("utf-8", "replace"))
        return seen.hexdigest()[:16]
