"""A page of its own for a place in a document: where a citation leads that is shown elsewhere (pure)."""

from __future__ import annotations

from ui.html import Html, element, join

_HEAD = (
    '<meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<link rel="icon" type="image/svg+xml" href="/ui/icon.svg">'
    '<link rel="stylesheet" href="/ui/tokens.css">'
    '<link rel="stylesheet" href="/ui/dusk.css">'
    '<link rel="stylesheet" href="/ui/reader.css">'
    '<link rel="stylesheet" href="/ui/place.css">'
    '<script type="module" src="/ui/place.js"></script>'
)


def place_page(title: str, place: Html) -> str:
    """Return the page around what `ui.reader.render_document` made of the place."""
    back = element("a", "Footnote", element("sup", "1", aria_hidden="true"), href="/", class_="wordmark")
    body = join(element("nav", back, aria_label="Footnote"), element("main", place))
    head = element("head", Html(_HEAD), element("title", f"{title} · Footnote"))
    return "<!doctype html>" + element("html", join(head, element("body", body)), lang="en")
