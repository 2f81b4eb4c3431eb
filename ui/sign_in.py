"""The sign-in page (pure): it needs no script, and says what was wrong."""

from __future__ import annotations

import math
from urllib.parse import unquote, urlsplit

from ui.html import Html, element, join
from ui.sign_ins import Refused

WRONG = "This name and password do not go together. Check both, and try again."

_HEAD = (
    '<meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<link rel="icon" type="image/svg+xml" href="/ui/icon.svg">'
    '<link rel="stylesheet" href="/ui/tokens.css">'
    '<link rel="stylesheet" href="/ui/dusk.css">'
    '<link rel="stylesheet" href="/ui/sign-in.css">'
    '<script type="module" src="/ui/sign-in.js"></script>'
)


def render_sign_in(*, wanted: str = "/", name: str = "", error: str = "") -> str:
    """Return the page.

    Args:
        wanted: where to go once signed in.
        name: what was typed as the user's name, to be corrected.
        error: why that did not work, as a sentence.
    """
    told = element("p", error, id="error", class_="error", role="alert") if error else None
    form = element(
        "form",
        told,
        element("label", "Name", for_="name"),
        _field("name", "text", "username", value=name, autocapitalize="none", autofocus=not name),
        element("label", "Password", for_="password"),
        _field("password", "password", "current-password", autofocus=bool(name)),
        _input(type="hidden", name_="next", value=wanted),
        element("button", "Sign in", type="submit"),
        method="post",
        action="/sign-in",
        aria_describedby="error" if error else None,
    )
    mark = element("p", "Footnote", element("sup", "1", aria_hidden="true"), class_="wordmark")
    lost = element(
        "p",
        "No name or password yet, or forgotten it? Who runs this Footnote can give you one.",
        class_="lost",
    )
    body = element("main", mark, element("h1", "Sign in"), form, lost)
    title = "Sign in · Footnote" if not error else "Not signed in · Footnote"
    head = element("head", Html(_HEAD), element("title", title))
    return "<!doctype html>" + element("html", join(head, element("body", body)), lang="en")


def words_of(refused: Refused) -> str:
    """Return why a sign-in was not tried, as a sentence."""
    if refused.busy:
        return "Many people are signing in just now. Wait a moment, and try again."
    seconds = seconds_of(refused)
    return f"Too many wrong tries. Wait {seconds} second{'' if seconds == 1 else 's'}, and try again."


def seconds_of(refused: Refused) -> int:
    """Return whole seconds after which the next try is sure to be taken."""
    return max(1, math.ceil(refused.seconds))


def inside(wanted: str) -> str:
    """Return where to go after signing in: the address if it is a page of this site, else the first page.

    Browsers take two slashes, and a slash with a backslash, for another site, and drop tabs and line ends.
    """
    plain = unquote(wanted)
    if not wanted.startswith("/") or any(c in "\\" or not c.isprintable() for c in plain):
        return "/"
    if plain.startswith("//") or urlsplit(plain).path in ("/sign-in", "/sign-out"):
        return "/"
    return wanted


def _field(name: str, kind: str, autocomplete: str, **attributes: str | bool) -> Html:
    return _input(
        id=name,
        name_=name,
        type=kind,
        autocomplete=autocomplete,
        required=True,
        spellcheck="false",
        maxlength="1024",
        **attributes,
    )


def _input(**attributes: str | bool) -> Html:
    """Return an input, which has no end tag."""
    return Html(element("input", **attributes).removesuffix("</input>"))
