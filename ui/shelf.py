"""The library's view: what is in it at a glance, the collections, the list of documents (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from rag.collections import Collection
from rag.hidden import shown
from rag.types import Document
from ui.html import Html, element, join
from ui.listing import Filters, Listing, file_name, kind_of
from ui.parts import count, opener

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Shelf:
    """All that the view shows.

    Attributes:
        listing: the documents on this page.
        filters: what they were chosen by.
        n_documents: all that the visitor may see.
        n_passages: of these.
        changed: day of the last addition; empty where there is nothing.
        size: bytes of the library on the disk; None where that is not for the visitor to know.
        kinds: the kinds of all documents, with how many of each there are.
        collections: the visitor's.
        holding: names of the collections that a document on this page is in, by its id.
        private: ids of documents on this page that only the visitor sees; None where nobody signs in.
        fixed: ids of documents on this page that the visitor may not change.
        uploaded: ids of documents on this page whose files go with them.
        starters: whether there are starter documents to offer.
    """

    listing: Listing
    filters: Filters
    n_documents: int
    n_passages: int
    changed: str = ""
    size: int | None = None
    kinds: Sequence[tuple[str, int]] = ()
    collections: Sequence[Collection] = ()
    holding: Mapping[str, Sequence[str]] = field(default_factory=dict)
    private: frozenset[str] | None = None
    fixed: frozenset[str] = frozenset()
    uploaded: frozenset[str] = frozenset()
    starters: bool = False


def render_shelf(shelf: Shelf) -> Html:
    """Return the parts of the view, each in an element that names the place where it goes."""
    return join(
        _part("glance", _glance(shelf)),
        _part("collections", _collections(shelf)),
        _part("kinds", _kinds(shelf)),
        _part("heading", _heading(shelf)),
        _part("documents", _documents(shelf), empty=not shelf.n_documents),
    )


def in_words(size: int) -> str:
    """Return a number of bytes in words."""
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit > 1 and value < 10 else f"{value:,.0f} {_UNITS[unit]}"


def day_in_words(moment: str) -> str:
    """Return the day of a moment such as ``2026-01-31T10:00:00+00:00`` in words."""
    day = date.fromisoformat(moment[:10])
    return f"{day.day} {day:%b %Y}"


def _part(name: str, *children: object, empty: bool = False) -> Html:
    return element("div", *children, data_fill=name, data_empty=empty)


def _glance(shelf: Shelf) -> Html:
    if not shelf.n_documents:
        return element("span", "Nothing in it yet")
    facts = [count(shelf.n_documents, "document"), count(shelf.n_passages, "passage")]
    if shelf.size is not None:
        facts.append(f"{in_words(shelf.size)} on disk")
    if shelf.changed:
        facts.append(f"last change {day_in_words(shelf.changed)}")
    return join(*(element("span", fact) for fact in facts))


def _collections(shelf: Shelf) -> Html:
    chosen = shelf.filters.collection
    entries = [("", "All documents", shelf.n_documents)]
    entries += [(each.id, each.name, each.n_documents) for each in shelf.collections]
    return element(
        "ul",
        *(
            element(
                "li",
                element(
                    "button",
                    element("bdi", name, class_="name"),
                    element("span", f"{n:,}", class_="n", aria_label=count(n, "document")),
                    type="button",
                    class_="collection",
                    data_collection=identity,
                    aria_current="true" if identity == chosen else None,
                ),
            )
            for identity, name, n in entries
        ),
        element(
            "li", element("button", "New collection", type="button", class_="quiet", data_new_collection=True)
        ),
        class_="collection-list",
    )


def _kinds(shelf: Shelf) -> Html:
    def option(value: str, words: str) -> Html:
        return element("option", words, value=value, selected=value == shelf.filters.kind.upper())

    return element(
        "select",
        option("", "All types"),
        *(option(kind, f"{kind} ({n:,})") for kind, n in shelf.kinds),
        data_filter="kind",
        aria_label="Type",
    )


def _heading(shelf: Shelf) -> Html:
    opened = next((each for each in shelf.collections if each.id == shelf.filters.collection), None)
    total = count(shelf.listing.total, "document")
    if opened is None:
        return element("p", total if shelf.filters.narrows else "", class_="list-count", role="status")
    return join(
        element("h2", element("bdi", opened.name), class_="collection-title"),
        element("p", total, class_="list-count", role="status"),
        element(
            "span",
            _quiet("Rename", data_rename_collection=opened.id, data_title=opened.name),
            _quiet("Delete the collection", data_delete_collection=opened.id, data_title=opened.name),
            class_="list-actions",
        ),
    )


def _documents(shelf: Shelf) -> Html:
    if not shelf.n_documents:
        return _nothing_yet(starters=shelf.starters)
    if not shelf.listing.documents:
        return _none_fits(shelf)
    return join(
        element("ul", *(_row(each, shelf) for each in shelf.listing.documents), class_="documents"),
        _pager(shelf.listing) if shelf.listing.pages > 1 else None,
    )


def _nothing_yet(*, starters: bool) -> Html:
    return element(
        "div",
        element("h2", "Your library is empty"),
        element(
            "p",
            "Drop files or whole folders anywhere on this page. They are read and kept on this machine only."
            + (" Or start with a few documents of ours, to see how it works." if starters else ""),
        ),
        element("button", "Add the starter documents", type="button", class_="primary", data_starter=True)
        if starters
        else None,
        class_="nothing",
    )


def _none_fits(shelf: Shelf) -> Html:
    filters = shelf.filters
    if filters.collection and not any((filters.kind, filters.since, filters.until, filters.q.strip())):
        words = "Nothing is in this collection yet. Select documents in the list, or drop files here."
        return element("div", element("p", words), class_="nothing")
    return element(
        "div",
        element("p", "No document fits these filters."),
        element("button", "Show all documents", type="button", class_="action", data_reset=True),
        class_="nothing",
    )


def _row(document: Document, shelf: Shelf) -> Html:
    title = element("bdi", document.title)
    changeable = document.id not in shelf.fixed
    return element(
        "li",
        element(
            "input",
            type="checkbox",
            class_="select",
            data_select=document.id,
            data_fixed=not changeable,
            aria_label=f"Select {document.title}",
        ),
        element(
            "div",
            opener("document", title, document=document.id, start=0, end=0)
            if document.n_passages
            else element("span", title, class_="document"),
            element("p", *_facts(document, shelf), class_="document-facts"),
            element("p", _why(document), class_="note", dir="auto") if document.status == "failed" else None,
            class_="document-main",
        ),
        _row_actions(document, uploaded=document.id in shelf.uploaded) if changeable else None,
        class_=f"document-row {document.status}",
        data_id=document.id,
    )


def _facts(document: Document, shelf: Shelf) -> Iterable[Html]:
    facts = [kind_of(document)]
    if document.n_pages:
        facts.append(count(document.n_pages, "page"))
    if document.n_passages:
        facts.append(count(document.n_passages, "passage"))
    facts.append(day_in_words(document.added_at))
    if file_name(document) != document.title and file_name(document).rpartition(".")[0] != document.title:
        facts.append(file_name(document))
    yield from (element("span", element("bdi", fact)) for fact in facts)
    if shelf.private is not None:
        own = document.id in shelf.private
        yield element("span", "private" if own else "everybody’s", class_="whose")
    for name in shelf.holding.get(document.id, ()):
        yield element("span", element("bdi", name), class_="in-collection")


def _row_actions(document: Document, *, uploaded: bool) -> Html:
    title = shown(document.title)
    return element(
        "div",
        _quiet("Rename", of=document.title, data_rename=document.id, data_title=document.title),
        _quiet(
            "Remove",
            of=document.title,
            data_remove=document.id,
            data_title=title,
            data_uploaded=uploaded,
        ),
        class_="document-actions",
    )


def _why(document: Document) -> str:
    old = "; its last version still answers" if document.n_passages else ""
    reason = (document.error or "no reason was given").removeprefix(f"{file_name(document)}: ")
    return f"Could not be read: {reason}{old}"


def _pager(listing: Listing) -> Html:
    def step(words: str, page: int) -> Html:
        there = 1 <= page <= listing.pages
        return element("button", words, type="button", class_="action", data_page=page, disabled=not there)

    return element(
        "nav",
        step("Previous", listing.page - 1),
        element("span", f"Page {listing.page:,} of {listing.pages:,}"),
        step("Next", listing.page + 1),
        class_="pager",
        aria_label="Pages of the list",
    )


def _quiet(words: str, *, of: str = "", **data: str | bool) -> Html:
    label = f"{words} {of}" if of else None
    return element("button", words, type="button", class_="quiet", aria_label=label, **data)
