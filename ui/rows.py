"""A document in the list of the library's page (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from rag.text.hidden import shown
from rag.text.wording import counted
from rag.types import Document
from ui.html import Html, element
from ui.listing import file_name, kind_of
from ui.parts import opener


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of the documents on a page of the list, beside their facts.

    Attributes:
        holding: names of the visitor's collections that a document is in, by its id.
        private: ids of those that only the visitor sees; None where nobody signs in.
        fixed: ids of those that the visitor may not change.
        uploaded: ids of those whose files go with them.
    """

    holding: Mapping[str, Sequence[str]] = field(default_factory=dict)
    private: frozenset[str] | None = None
    fixed: frozenset[str] = frozenset()
    uploaded: frozenset[str] = frozenset()


NO_MARKS = Marks()


def render_row(document: Document, marks: Marks) -> Html:
    """Return a document with its facts and what can be done with it."""
    title = element("bdi", document.title)
    changeable = document.id not in marks.fixed
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
            element("p", *_facts(document, marks), class_="document-facts"),
            element("p", _why(document), class_="note", dir="auto") if document.status == "failed" else None,
            class_="document-main",
        ),
        _row_actions(document, uploaded=document.id in marks.uploaded) if changeable else None,
        class_=f"document-row {document.status}",
        data_id=document.id,
    )


def _facts(document: Document, marks: Marks) -> Iterable[Html]:
    facts = [kind_of(document)]
    if document.n_pages:
        facts.append(counted(document.n_pages, "page"))
    if document.n_passages:
        facts.append(counted(document.n_passages, "passage"))
    facts.append(day_in_words(document.added_at))
    if file_name(document) != document.title and file_name(document).rpartition(".")[0] != document.title:
        facts.append(file_name(document))
    yield from (element("span", element("bdi", fact)) for fact in facts)
    if marks.private is not None:
        own = document.id in marks.private
        yield element("span", "private" if own else "everybody’s", class_="whose")
    for name in marks.holding.get(document.id, ()):
        yield element("span", element("bdi", name), class_="in-collection")


def _row_actions(document: Document, *, uploaded: bool) -> Html:
    title = shown(document.title)
    return element(
        "div",
        quiet("Rename", of=document.title, data_rename=document.id, data_title=document.title),
        quiet(
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


def day_in_words(moment: str) -> str:
    """Return the day of a moment such as ``2026-01-31T10:00:00+00:00`` in words."""
    day = date.fromisoformat(moment[:10])
    return f"{day.day} {day:%b %Y}"


def quiet(words: str, *, of: str = "", **data: str | bool) -> Html:
    """Return a small button; `of` is what it acts on, for those who do not see where it stands."""
    label = f"{words} {of}" if of else None
    return element("button", words, type="button", class_="quiet", aria_label=label, **data)
