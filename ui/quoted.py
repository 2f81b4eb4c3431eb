"""Where the words of a citation stand now, when the document may have changed since (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass

Span = tuple[int, int]

LONGEST = 2000
"""Characters of words that are looked for."""

FOUND = "The document has changed since the answer: these are its words where they stand now."
LOST = "The document has changed since the answer: these words do not stand in it any more."
MISSING = "The document has changed since the answer: this passage is not in it any more."


@dataclass(frozen=True, slots=True)
class Place:
    """Where the words stand; an empty span where they do not, and what has to be said of it."""

    span: Span
    notice: str | None = None


def locate(text: str, span: Span, quote: str) -> Place:
    """Return where a quote stands in a text: at its span, else at the same words nearest to it.

    Args:
        text: of the document, as it is now.
        span: where the quote stood when the answer was given; may lie outside of the text.
        quote: its words; white space counts as any other.
    """
    start, end = span
    if text[start:end] == quote:
        return Place(span)
    words = quote.split()
    same = re.compile(r"\s+".join(map(re.escape, words))) if words else None
    spans = [found.span() for found in same.finditer(text)] if same else []
    if not spans:
        return Place((0, 0), LOST)
    return Place(min(spans, key=lambda found: abs(found[0] - start)), FOUND)
