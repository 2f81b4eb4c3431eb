"""The choice of what a conversation searches: everything, a collection, or some documents (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from rag.people.collections import Collection
from rag.text.wording import counted
from rag.types import Document
from ui.html import Html, element, join

SHOWN = 100
"""Documents that are offered at a time; more are found by their titles."""


def render_scopes(collections: Sequence[Collection], n_documents: int) -> Html:
    """Return the first choice: all documents, or one of the collections."""
    return join(
        _scope("", "All documents", n_documents),
        *(_scope(each.id, each.name, each.n_documents) for each in collections),
    )


def render_choices(documents: Sequence[Document], words: str) -> Html:
    """Return the documents whose titles hold all the words, to choose from."""
    folded = words.casefold().split()
    found = [each for each in documents if each.n_passages and _holds(each.title, folded)]
    if not found:
        return element("p", "No document has these words in its title.", class_="scope-none")
    more = len(found) - SHOWN
    return join(
        element("ul", *(_choice(each) for each in found[:SHOWN])),
        element("p", f"And {more:,} more: write a word of the title.", class_="scope-none")
        if more > 0
        else None,
    )


def _holds(title: str, words: Sequence[str]) -> bool:
    folded = title.casefold()
    return all(word in folded for word in words)


def _scope(collection_id: str, name: str, n_documents: int) -> Html:
    return element(
        "label",
        element("input", type="radio", name_="scope", value=collection_id),
        element("bdi", name, class_="scope-name"),
        element("span", counted(n_documents, "document"), class_="scope-size"),
        class_="choice",
    )


def _choice(document: Document) -> Html:
    return element(
        "li",
        element(
            "label",
            element("input", type="checkbox", name_="document", value=document.id),
            element("bdi", document.title, class_="scope-name"),
            class_="choice",
        ),
    )
