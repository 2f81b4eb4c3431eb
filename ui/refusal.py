"""A refusal as an answer that helps: what was searched, what comes nearest, what to do (pure)."""

from __future__ import annotations

from ui.html import Html, element, join
from ui.parts import Facts, cite, clipped, opener
from ui.turn import Turn


def render_refusal(turn: Turn, facts: Facts) -> Html:
    """Return what is said where the documents do not hold the answer."""
    said = turn.answer.text if turn.answer is not None else ""
    nearest = (
        opener(
            "quote nearest",
            element("span", clipped(passage.text), class_="words", dir="auto"),
            cite(passage.title, passage.page, passage.headings),
            document=passage.document_id,
            start=passage.start,
            end=passage.end,
            passage=passage.id,
        )
        for passage in turn.passages[:3]
    )
    return element(
        "div",
        element(
            "p", said or "Your documents do not seem to answer this.", class_="notice-title", data_say=True
        ),
        element("p", f"Searched {facts.size}. An answer without a source would be a guess. {_instead(turn)}"),
        join(
            element("h3", "The nearest passages", class_="label"),
            element("div", *nearest, class_="quotes"),
        )
        if turn.passages and not turn.quotes
        else None,
        element("h3", "What you can do", class_="label"),
        element(
            "ul",
            element("li", "Ask with the words that the documents use, or for one thing at a time."),
            element("li", "Add a document that covers it, under Documents, and ask again."),
        ),
        class_="notice refused",
    )


def _instead(turn: Turn) -> str:
    if turn.quotes:
        return "The quotes above come nearest."
    return "The passages below come nearest." if turn.passages else "Nothing comes near."
