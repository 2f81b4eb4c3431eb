"""HTML made of elements, never of pasted text: whatever is not markup already is escaped."""

from __future__ import annotations

import html

_CONTROLS = str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;", "\0": "\N{REPLACEMENT CHARACTER}"})
"""The page's Markdown component would act on line ends and tabs, so that they travel as references."""


class Html(str):
    """Markup that is safe to show: made by `element` and `text`, and on one line."""

    __slots__ = ()


def text(value: object) -> Html:
    """Return a value's words as markup that shows exactly them; markup is returned as it is."""
    if isinstance(value, Html):
        return value
    return Html(html.escape(str(value)).translate(_CONTROLS))


def join(*parts: object, between: str = "") -> Html:
    """Return the parts one after the other; None is left out."""
    return Html(text(between).join(text(part) for part in parts if part is not None))


def element(name: str, *children: object, **attributes: str | int | bool | None) -> Html:
    """Return an element.

    Args:
        name: its tag.
        children: markup or words; None is left out.
        attributes: ``class_`` stands for ``class`` and ``aria_label`` for ``aria-label``; True writes the
            bare name, None and False leave it out.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{text(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{written}>{join(*children)}</{name}>")
