"""The fixed words of the page: masthead, welcome and the heading of the documents (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from rag.types import Document
from ui.html import Html, element
from ui.parts import Facts, writer_of

EXAMPLES = {
    "hmeimim/briefing.pdf": "Why does the Hmeimim base matter to Moscow?",
    "hmeimim/who-is-who.docx": "Who is Asaad al-Shaibani?",
    "guide/adding-documents.docx": "Which file formats does Footnote read?",
}
"""Questions that the starter documents answer, each by the end of the path of one of them."""


def masthead() -> Html:
    """Return the name, the switch of the conversations, and the views."""
    views = (("ask", "Ask"), ("library", "Documents"), ("settings", "Settings"))
    label = "Conversations"
    return element(
        "header",
        element(
            "button",
            "☰",
            type="button",
            class_="theme",
            aria_label=label,
            title=label,
            aria_controls="side",
            data_side_switch=True,
        ),
        element("p", "Footnote", element("sup", "1", aria_hidden="true"), class_="wordmark"),
        element(
            "nav",
            *(element("a", name, href=f"#{view}", data_view=view) for view, name in views),
            aria_label="Views",
        ),
        class_="masthead",
    )


def theme_switch() -> Html:
    """Return the switch between light and dark."""
    label = "Switch between light and dark"
    return element(
        "button", "◐", type="button", class_="theme", aria_label=label, title=label, data_theme_switch=True
    )


def library_facts(facts: Facts) -> Html:
    """Return what is in the library and who writes the answers."""
    return element(
        "p",
        element("span", facts.size if facts.n_documents else "no documents yet"),
        element("span", writer_of(facts.model), class_="model"),
        class_="masthead-facts",
    )


def welcome(facts: Facts) -> Html:
    """Return what stands on the page before the first question."""
    if not facts.n_passages:
        return element(
            "section",
            element("h1", "Start with your documents"),
            element("p", "There is nothing to ask yet. Add a few files and ask them anything they say."),
            element("a", "Add documents", href="#library", class_="primary", data_view="library"),
            class_="welcome",
        )
    return element(
        "section",
        element("h1", "Ask your documents"),
        element("p", "Your sources’ own words first, then an answer with a footnote behind every sentence."),
        class_="welcome",
    )


def fitting_examples(documents: Iterable[Document]) -> list[str]:
    """Return the example questions that these documents answer."""
    uris = [unquote(document.uri) for document in documents]
    return [question for end, question in EXAMPLES.items() if any(uri.endswith(end) for uri in uris)]
