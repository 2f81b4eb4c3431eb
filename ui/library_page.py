"""The frame of the library's view, which static/library.js fills (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from ui.html import Html, element
from ui.listing import SORTS

FORMATS = "PDF, Word, PowerPoint, Excel, EPUB, HTML, Markdown, e-mail, CSV, JSON and plain text"
"""What is read, for people."""


def library_frame(extensions: Iterable[str], max_file_mb: float) -> Html:
    """Return the frame.

    Args:
        extensions: of the files that are read, with their dots.
        max_file_mb: size of the largest file that is taken, in millions of bytes.
    """
    return element(
        "section",
        element(
            "header",
            element("h1", "Documents"),
            element("p", class_="glance", data_part="glance"),
            class_="shelf-head",
        ),
        _drop(max_file_mb),
        element("div", class_="sending", data_part="sending"),
        element("div", class_="ledger-place", data_part="ledger"),
        element("div", class_="unseen", role="status", data_part="said"),
        element("div", class_="shelf-notice", role="alert", data_part="notice"),
        _views(),
        element(
            "div",
            element("nav", class_="collections", data_part="collections", aria_label="Collections"),
            element(
                "div",
                _filters(),
                element("div", class_="list-head", data_part="heading"),
                _bulk(),
                element("div", class_="list-place", data_part="documents"),
                class_="shelf-main",
            ),
            class_="shelf-columns",
            id="shelf-list",
        ),
        element("div", class_="map-place", id="shelf-map", data_part="map"),
        class_="shelf",
        data_extensions=" ".join(sorted(extensions)),
        data_max_bytes=int(max_file_mb * 1_000_000),
        data_max_mb=f"{max_file_mb:,g}",
    )


def _drop(max_file_mb: float) -> Html:
    return element(
        "section",
        element("p", "Drop files or folders anywhere on this page", class_="drop-title"),
        element("p", f"{FORMATS}. Up to {max_file_mb:,g} MB a file.", class_="drop-kinds"),
        element(
            "div",
            element("button", "Choose files", type="button", class_="primary", data_choose="files"),
            element("button", "Choose a folder", type="button", class_="action", data_choose="folder"),
            class_="drop-actions",
        ),
        element("input", type="file", multiple=True, hidden=True, data_chosen="files", aria_label="Files"),
        element(
            "input", type="file", webkitdirectory=True, hidden=True, data_chosen="folder", aria_label="Folder"
        ),
        class_="drop",
        aria_label="Add documents",
    )


def _views() -> Html:
    def one(name: str, words: str, *, chosen: bool) -> Html:
        return element(
            "button",
            words,
            type="button",
            role="tab",
            id=f"tab-{name}",
            aria_controls=f"shelf-{name}",
            aria_selected="true" if chosen else "false",
            data_tab=name,
        )

    return element(
        "div",
        one("list", "List", chosen=True),
        one("map", "Map", chosen=False),
        class_="shelf-tabs",
        role="tablist",
        aria_label="How to look at the library",
    )


def _filters() -> Html:
    return element(
        "div",
        element(
            "input",
            type="search",
            class_="find",
            placeholder="Find by title",
            aria_label="Find documents by words of their titles",
            data_filter="q",
        ),
        element("span", class_="kinds", data_part="kinds"),
        _day("since", "Added from"),
        _day("until", "to"),
        element(
            "select",
            *(element("option", words, value=name) for name, words in SORTS.items()),
            aria_label="Order",
            data_filter="sort",
        ),
        class_="filters",
        role="search",
    )


def _day(name: str, words: str) -> Html:
    return element(
        "label", element("span", words), element("input", type="date", data_filter=name), class_="day"
    )


def _bulk() -> Html:
    return element(
        "div",
        element(
            "label",
            element("input", type="checkbox", data_select_all=True),
            element("span", class_="n-selected"),
            class_="select-all",
        ),
        element("select", aria_label="Add the selected documents to a collection", data_into=True),
        element("button", "Take out of this collection", type="button", class_="quiet", data_take=True),
        element("button", "Remove", type="button", class_="quiet", data_remove_selected=True),
        class_="bulk",
        role="group",
        aria_label="Selected documents",
    )
