"""HTML made of elements, never of pasted text: whatever is not markup already is escaped.

Characters that a reader would not see are shown as labels, see `rag.text.hidden`.
"""

from __future__ import annotations

import html

from rag.text.hidden import Hidden, hidden, shown

_CONTROLS = str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;", "\0": "\N{REPLACEMENT CHARACTER}"})
"""The page's Markdown component would act on line ends and tabs, so that they travel as references."""


_VOID = frozenset({"input", "img", "br", "meta", "link"})
"""Elements that have no content, and no end."""


class Html(str):
    """Markup that is safe to show: made by `element` and `text`, and on one line."""

    __slots__ = ()


def text(value: object) -> Html:
    """Return a value's words as markup that shows exactly them; markup is returned as it is.

    Hidden characters stand in elements of their own, where they cannot turn the words round, and whose label
    the style sheet shows.
    """
    if isinstance(value, Html):
        return value
    words = str(value)
    parts: list[str] = []
    at = 0
    for run in hidden(words):
        parts += (_escaped(words[at : run.start]), _labelled(run, words[run.start : run.end]))
        at = run.end
    return Html("".join((*parts, _escaped(words[at:]))))


def _labelled(run: Hidden, characters: str) -> Html:
    return element(
        "bdi",
        _escaped(characters),
        class_="hidden-run",
        role="img",
        aria_label=run.words,
        data_label=run.label,
    )


def _escaped(words: str) -> Html:
    return Html(html.escape(words).translate(_CONTROLS))


def join(*parts: object, between: str = "") -> Html:
    """Return the parts one after the other; None is left out."""
    return Html(text(between).join(text(part) for part in parts if part is not None))


def element(name: str, *children: object, **attributes: str | int | bool | None) -> Html:
    """Return an element.

    Args:
        name: its tag.
        children: markup or words; None is left out.
        attributes: ``class_`` stands for ``class`` and ``aria_label`` for ``aria-label``; True writes the
            bare name, None and False leave it out. Hidden characters are labelled but in data, which is for
            the page's own code.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{_value(key, value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    end = "" if name in _VOID else f"{join(*children)}</{name}>"
    return Html(f"<{name}{written}>{end}")


def _value(key: str, value: str | int) -> Html:
    return _escaped(str(value) if key.startswith("data_") else shown(str(value)))
