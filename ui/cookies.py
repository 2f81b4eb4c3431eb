"""The cookie that keeps somebody signed in.

It is readable by no script (HttpOnly), is sent by no other site's page (SameSite=Strict), and where the page
came by https it is sent by https only and cannot be set by a neighbouring host name (``__Host-``). Whether it
came by https says the scheme of the request: behind a proxy that is X-Forwarded-Proto, which is believed only
from the addresses in the setting `proxies`.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

from rag.people.sessions import LONGEST

NAME = "footnote"


def token_of(request: HTTPConnection) -> str:
    """Return the token that a request carries; empty where it carries none."""
    return request.cookies.get(_name(request), "")


def keep(response: Response, request: HTTPConnection, token: str) -> None:
    """Let the browser keep a token, for as long as the longest session."""
    response.set_cookie(
        _name(request),
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="strict",
    )


def forget(response: Response, request: HTTPConnection) -> None:
    """Let the browser forget its token."""
    response.delete_cookie(
        _name(request), path="/", secure=is_secure(request), httponly=True, samesite="strict"
    )


def is_secure(request: HTTPConnection) -> bool:
    """Return whether a request came by https."""
    return bool(request.scope["scheme"] == "https")


def _name(request: HTTPConnection) -> str:
    return f"__Host-{NAME}" if is_secure(request) else NAME
