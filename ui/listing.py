"""Which documents are listed, and in what order (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import unquote

from rag.errors import UsageError
from rag.types import Document

PAGE = 100
"""Documents on a page of the list."""

SORTS = {"title": "By title", "newest": "Newest first", "oldest": "Oldest first", "size": "Most passages"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor wants to see.

    Attributes:
        collection: id of a collection; empty for all documents.
        kind: see `kind_of`; empty for all kinds.
        since: first day of adding, as ``2026-01-31``; empty for any.
        until: last day of adding.
        q: words of the title or of the file's name.
        sort: one of `SORTS`.
        page: of the list, from 1.
    """

    collection: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    q: str = ""
    sort: str = "title"
    page: int = 1

    @property
    def narrows(self) -> bool:
        """Whether anything may be left out."""
        return any((self.collection, self.kind, self.since, self.until, self.q.strip()))

    def checked(self) -> Filters:
        """Return the same.

        Raises:
            UsageError: a day is none, or the order is unknown.
        """
        for day in filter(None, (self.since, self.until)):
            try:
                date.fromisoformat(day)
            except ValueError:
                raise UsageError(f"'{day[:40]}' is not a day: write it as 2026-01-31") from None
        if self.sort not in SORTS:
            raise UsageError(f"no order '{self.sort[:40]}': there are {', '.join(SORTS)}")
        return replace(self, page=max(self.page, 1))


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the documents that were chosen; `total` is how many there are on all `pages`."""

    documents: tuple[Document, ...]
    total: int
    page: int
    pages: int


def listed(documents: Iterable[Document], filters: Filters, inside: frozenset[str] | None = None) -> Listing:
    """Return a page of the documents; a page after the last one is the last one.

    Args:
        documents: all that the visitor may see, in the order of their titles.
        filters: what is wanted.
        inside: ids of the documents in the collection; None where none is chosen.
    """
    chosen = [each for each in documents if _fits(each, filters) and (inside is None or each.id in inside)]
    chosen = _sorted(chosen, filters.sort)
    pages = max(1, -(-len(chosen) // PAGE))
    page = min(filters.page, pages)
    return Listing(tuple(chosen[(page - 1) * PAGE : page * PAGE]), len(chosen), page, pages)


def kinds(documents: Iterable[Document]) -> list[tuple[str, int]]:
    """Return the kinds that there are and how many of each, in the order of their names."""
    return sorted(Counter(kind_of(document) for document in documents).items())


def kind_of(document: Document) -> str:
    """Return the kind of a document in capitals: the extension of its file."""
    stem, dot, extension = document.uri.rpartition("/")[2].rpartition(".")
    return unquote(extension).upper() if stem and dot and extension else "OTHER"


def file_name(document: Document) -> str:
    """Return the name of a document's file."""
    return unquote(document.uri).rpartition("/")[2]


def _fits(document: Document, filters: Filters) -> bool:
    day = document.added_at[:10]
    if (filters.since and day < filters.since) or (filters.until and day > filters.until):
        return False
    if filters.kind and kind_of(document) != filters.kind.upper():
        return False
    words = filters.q.casefold().split()
    named = f"{document.title} {file_name(document)}".casefold() if words else ""
    return all(word in named for word in words)


def _sorted(documents: Sequence[Document], sort: str) -> list[Document]:
    if sort == "title":
        return list(documents)
    if sort == "size":
        return sorted(documents, key=lambda each: -each.n_passages)
    return sorted(documents, key=lambda each: each.added_at, reverse=sort == "newest")
