"""The gate behind the guard: with sign-in on, nothing but the way in is answered to who is not signed in.

People sign in, and programs come with an API key.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.errors import FootnoteError
from ui.bearers import KEYLESS, SAFE_METHODS, Bearers, unauthorized
from ui.cookies import token_of
from ui.own_names import OwnNames
from ui.refusals import is_api, refusal
from ui.sign_ins import SignIns
from ui.visitors import KEY

SIGNED_OUT = "you are not signed in, or your session has ended: sign in at /sign-in"

_OPEN = re.compile(
    r"/sign-in|/ui/((tokens|dusk)\.css|sign-in\.(css|js)|icon\.svg|fonts/(inter|source-serif-4)\.woff2)"
)
"""What the sign-in page needs, all of it the same for everybody."""

_MONITORS = frozenset({"/ready", "/metrics"})

_AGAIN = "<!doctype html><title>Footnote</title><p>Opening Footnote…"
"""A link on another site leads here without our cookie (SameSite=Strict); a page of ours that leads to the
same address brings it."""


class Gate:
    """ASGI application around another one. It leaves the visitor's name in the scope of every request."""

    def __init__(self, app: ASGIApp, sign_ins: SignIns | None, bearers: Bearers) -> None:
        """Ask everybody to sign in; where `sign_ins` is None nobody has to, and the name is empty.

        Whoever comes with a key that `bearers` knows is let in as the one for whom it stands.
        """
        self._app = app
        self._sign_ins = sign_ins
        self._bearers = bearers
        self._own_names = OwnNames()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of somebody who is signed in, and show everybody else the way in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        try:
            name = await self._name_or_refusal(request)
        except FootnoteError as error:
            name = refusal(scope["path"], 503, str(error))
        if isinstance(name, str):
            await self._own_names.call(self._app, _as_taken(scope, name), receive, send)
        elif name is not None:
            await name(scope, receive, send)
        elif _OPEN.fullmatch(scope["path"]) or (scope["path"] in _MONITORS and _reads(scope)):
            await self._app({**scope, KEY: ""}, receive, send)
        else:
            await way_in(request)(scope, receive, send)

    async def _name_or_refusal(self, request: HTTPConnection) -> str | Response | None:
        """Return who calls, why a key lets nobody pass, or None for somebody who is not signed in."""
        by_key = await self._bearers.judge(request)
        if by_key is not None or self._sign_ins is None:
            return by_key if by_key is not None else ""
        if is_api(request.scope["path"]) and request.scope["method"] not in SAFE_METHODS:
            return None  # a cookie may have been sent by another site's page, a key may not
        return await self._sign_ins.who(token_of(request))


def _as_taken(scope: Scope, name: str) -> Scope:
    """Return the scope of a request of this visitor.

    What stands behind the page's address is passed over: Gradio fails on pages and links that it lacks.
    """
    return {**scope, KEY: name, **({"query_string": b""} if scope["path"] == "/" else {})}


def way_in(request: HTTPConnection) -> Response:
    """Return what somebody gets who is not signed in: the sign-in page for a page, else a refusal."""
    scope = request.scope
    path: str = scope["path"]
    reading = _reads(scope)
    if is_api(path):
        return unauthorized(scope, KEYLESS)
    if path == "/health" and reading:
        return JSONResponse({"status": "ok"})
    if not (reading and _wants_a_page(request)):
        return JSONResponse({"detail": SIGNED_OUT}, 401)
    query = scope["query_string"].decode("latin-1")
    target = f"{quote(path)}?{query}" if query else quote(path)
    if request.headers.get("sec-fetch-site") == "cross-site":
        return HTMLResponse(_AGAIN, headers={"Refresh": "0"})
    wanted = f"?next={quote(target, safe='/')}" if target != "/" else ""
    return RedirectResponse(f"/sign-in{wanted}", 303)


def _reads(scope: Scope) -> bool:
    return scope["method"] in ("GET", "HEAD")


def _wants_a_page(request: HTTPConnection) -> bool:
    mode = request.headers.get("sec-fetch-mode")
    return mode == "navigate" if mode else "text/html" in request.headers.get("accept", "")
