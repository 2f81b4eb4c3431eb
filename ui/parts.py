"""What the pages are made of: buttons that open a source, quote cards, and words (pure).

Words of documents, models and users are only ever shown: never as markup, links or images.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.text.wording import beginning, counted
from rag.types import Citation, FoundPassage
from ui.html import Html, element, join
from ui.quoted import LONGEST

_CLIP = 320
"""Characters of a passage that stand for it where no quote does."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page says of the library and the model."""

    n_documents: int
    n_passages: int
    model: str

    @property
    def size(self) -> str:
        """How much there is to search, in words."""
        return f"{counted(self.n_passages, 'passage')} in {counted(self.n_documents, 'document')}"


def writer_of(model: str) -> str:
    """Return who writes the answers, in words."""
    return "key quotes only, no model" if model == "none" else model


def place(title: str, page: int | None) -> str:
    """Return where something stands, in words."""
    return title if page is None else f"{title}, page {page}"


def opener(
    name: str,
    *children: object,
    document: str,
    start: int,
    end: int,
    passage: str = "",
    **attributes: str | None,
) -> Html:
    """Return a button that opens a span of a document in the reader."""
    return element(
        "button",
        *children,
        type="button",
        class_=name,
        data_document=document,
        data_start=start,
        data_end=end,
        data_passage=passage or None,
        **attributes,
    )


def opener_of(name: str, citation: Citation, *children: object, **attributes: str | None) -> Html:
    """Return a button that opens a citation in the reader, which looks for its words if they have moved."""
    return opener(
        name,
        *children,
        document=citation.document_id,
        start=citation.start,
        end=citation.end,
        passage=citation.passage_id,
        data_quote=citation.quote if len(citation.quote) <= LONGEST else None,
        **attributes,
    )


def quote_card(quote: Citation, headings: Sequence[str]) -> Html:
    """Return a key quote with its place."""
    return opener_of(
        "quote",
        quote,
        element("span", quote.quote, class_="words", dir="auto"),
        cite(quote.title, quote.page, headings),
    )


def passage_card(passage: FoundPassage, quotes: Sequence[Citation]) -> Html:
    """Return a passage with the key quotes marked in it."""
    inside = sorted((q.start, q.end) for q in quotes if q.passage_id == passage.id)
    return opener(
        "passage",
        cite(passage.title, passage.page, passage.headings),
        element("span", _marked(passage, inside), class_="words", dir="auto"),
        document=passage.document_id,
        start=passage.start,
        end=passage.end,
        passage=passage.id,
    )


def cite(title: str, page: int | None, headings: Sequence[str]) -> Html:
    """Return where something stands: title, page and the headings above it."""
    path = headings_path(title, headings)
    return element(
        "span",
        element("bdi", title, class_="title"),
        element("span", f"page {page}", class_="page") if page is not None else None,
        element("span", path, class_="headings", dir="auto") if path else None,
        class_="cite",
    )


def headings_path(title: str, headings: Sequence[str]) -> str:
    """Return the headings that a passage stands under, without the title that is named already."""
    return " › ".join(heading for heading in headings if heading != title)


def clipped(words: str) -> str:
    """Return the beginning of a passage on one line."""
    return beginning(words, _CLIP)


def _marked(passage: FoundPassage, spans: Iterable[tuple[int, int]]) -> Html:
    """Return a passage's text with the spans in it marked; one that overlaps an earlier one is cut."""
    parts: list[object] = []
    at = 0
    for start, end in spans:
        a, b = max(start - passage.start, at), min(end - passage.start, len(passage.text))
        if a < b:
            parts += [passage.text[at:a], element("mark", passage.text[a:b])]
            at = b
    return join(*parts, passage.text[at:])


def first_upper(words: str) -> str:
    """Return the words as a sentence begins."""
    return words[:1].upper() + words[1:]


def render_error(message: str) -> Html:
    """Return a failure as a sentence with its way out."""
    return element(
        "div",
        element("p", "That did not work", class_="notice-title"),
        element("p", first_upper(message), dir="auto", data_say=True),
        class_="notice failed",
        role="alert",
    )
