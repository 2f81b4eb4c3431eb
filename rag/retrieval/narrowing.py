"""Which documents are searched: by id, by title, by collection, or by several of these at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rag.errors import CollectionNotFound, DocumentNotFound, UsageError
from rag.library import Library
from rag.people.collections import Collections


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A choice of documents; what is None leaves it as wide as it was.

    `within` are ids, `titles` those that documents are shown by, and `collection` the id or name of one that
    is nobody's in particular.
    """

    within: Collection[str] | None = None
    titles: Collection[str] | None = None
    collection: str | None = None

    def document_ids(self, library: Library) -> frozenset[str] | None:
        """Return the ids of the documents that fit all that was said, or None for every document.

        Raises:
            DocumentNotFound: no document has one of the titles.
            CollectionNotFound: there is no such collection.
            UsageError: a text was given where several were asked for.
        """
        for name, value in (("within", self.within), ("titles", self.titles)):
            if isinstance(value, str):
                raise UsageError(f"{name} takes several, and '{value}' is one: write [{value!r}]")
        choices = [frozenset(self.within)] if self.within is not None else []
        if self.titles is not None:
            choices.append(_titled(library, self.titles))
        if self.collection is not None:
            choices.append(_collected(library, self.collection))
        return frozenset.intersection(*choices) if choices else None


def _titled(library: Library, titles: Collection[str]) -> frozenset[str]:
    wanted = {title.casefold(): title for title in titles}
    found = [(each.title.casefold(), each.id) for each in library.documents()]
    for missing in sorted(wanted.keys() - {title for title, _ in found}):
        raise DocumentNotFound(
            f"no document has the title '{wanted[missing]}': 'footnote list' shows what there is"
        )
    return frozenset(identity for title, identity in found if title in wanted)


def _collected(library: Library, name: str) -> frozenset[str]:
    every = Collections(library.catalog)
    for each in every.of(""):
        if name == each.id or name.casefold() == each.name.casefold():
            return every.document_ids(each.id, "")
    raise CollectionNotFound(
        f"no collection '{name[:80]}' in {library.catalog.place}: see the page of documents"
    )
