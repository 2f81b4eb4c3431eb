"""Sources that disagree, side by side (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Citation, Conflict
from ui.html import Html, element, join
from ui.parts import cite, opener_of


def render_conflicts(conflicts: Sequence[Conflict]) -> Html | None:
    """Return each pair of sources that disagree, that of the answer first; None where all agree."""
    if not conflicts:
        return None
    return element(
        "section",
        element("h3", "Your sources disagree", class_="label"),
        *(_pair(conflict) for conflict in conflicts),
        class_="conflicts",
    )


def _pair(conflict: Conflict) -> Html:
    return element(
        "div",
        _side("The answer rests on", conflict.against),
        _side(join("Another says ", element("strong", conflict.value)), conflict.other),
        class_="conflict",
    )


def _side(label: str, citation: Citation) -> Html:
    return opener_of(
        "quote side",
        citation,
        element("span", label, class_="side-label"),
        element("span", citation.quote, class_="words", dir="auto"),
        cite(citation.title, citation.page, ()),
    )
