"""The library's view: what is in it at a glance, the collections, the list of documents (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.people.collections import Collection
from rag.text.wording import counted
from ui.html import Html, element, join
from ui.listing import Filters, Listing
from ui.rows import NO_MARKS, Marks, day_in_words, quiet, render_row

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
        marks: what is known of the documents on this page.
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
    marks: Marks = NO_MARKS
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


def _part(name: str, *children: object, empty: bool = False) -> Html:
    return element("div", *children, data_fill=name, data_empty=empty)


def _glance(shelf: Shelf) -> Html:
    if not shelf.n_documents:
        return element("span", "Nothing in it yet")
    facts = [counted(shelf.n_documents, "document"), counted(shelf.n_passages, "passage")]
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
                    element("span", f"{n:,}", class_="n", aria_label=counted(n, "document")),
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
    total = counted(shelf.listing.total, "document")
    if opened is None:
        return element("p", total if shelf.filters.narrows else "", class_="list-count", role="status")
    return join(
        element("h2", element("bdi", opened.name), class_="collection-title"),
        element("p", total, class_="list-count", role="status"),
        element(
            "span",
            quiet("Rename", data_rename_collection=opened.id, data_title=opened.name),
            quiet("Delete the collection", data_delete_collection=opened.id, data_title=opened.name),
            class_="list-actions",
        ),
    )


def _documents(shelf: Shelf) -> Html:
    if not shelf.n_documents:
        return _nothing_yet(starters=shelf.starters)
    if not shelf.listing.documents:
        return _none_fits(shelf)
    return join(
        element(
            "ul", *(render_row(each, shelf.marks) for each in shelf.listing.documents), class_="documents"
        ),
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
