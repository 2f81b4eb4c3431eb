"""HTML and SVG made of elements, never of pasted text: whatever is not markup already is escaped (pure)."""

from __future__ import annotations

import html

from rag.text.hidden import shown


class Html(str):
    """Markup that is safe to show: made by `element` and `join`."""

    __slots__ = ()


def text(value: object) -> Html:
    """Return a value's words as markup that shows exactly them, hidden characters as labels; markup stays."""
    if isinstance(value, Html):
        return value
    encodable = (
        shown(str(value).replace("\0", "\N{REPLACEMENT CHARACTER}"))
        .encode("utf-8", "replace")
        .decode("utf-8")
    )
    return Html(html.escape(encodable))


def join(*parts: object) -> Html:
    """Return the parts one after the other; None is left out."""
    return Html("".join(text(part) for part in parts if part is not None))


def element(name: str, /, *children: object, **attributes: object) -> Html:
    """Return an element.

    Args:
        name: its tag.
        children: markup or words; None is left out.
        attributes: ``class_`` stands for ``class`` and ``aria_label`` for ``aria-label``; numbers are
            rounded to two decimals; True writes the bare name, None and False leave it out.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{text(_short(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def void(name: str, /, **attributes: object) -> Html:
    """Return an element of HTML that has no end, such as ``meta``."""
    return Html(element(name, **attributes).removesuffix(f"</{name}>"))


def _short(value: object) -> object:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
