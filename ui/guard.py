"""What stands before every route: security headers, known hosts, no calls from other sites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.listen import ANY_ADDRESS
from ui.refusals import is_api, refusal

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'self'; object-src 'none'"
)

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
}
"""Of every answer. The referrer goes to no other site; were it to go to none at all, browsers would name no
origin (``null``) when they send our own forms."""

HSTS = "max-age=15552000"
"""For half a year by https only, once it came by https: this name alone, not those below it."""

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

_GRADIO_ROUTES = re.compile(
    r"/(config/?|theme\.css|manifest\.json|favicon\.ico|robots\.txt|(assets|static)/.*"
    r"|gradio_api/(queue/(join|data)|app_id|cancel|reset|startup-events|theme\.css"
    r"|heartbeat/[^/]+))?"
)
"""All of Gradio that the page needs; its file server, proxy, API pages and editors stay shut."""

_OWN_ROUTES = re.compile(
    r"/(health|ready|metrics|me|sign-in|sign-out|starter|map|feedback\.jsonl|view/[a-z]+|local/[a-z]+|ui/.*"
    r"|(documents|uploads|collections|passages|conversations|turns|api/v1)(/.*)?|mcp|v1/.*)",
    re.DOTALL,
)
_THE_SAME_FOR_ALL = re.compile(
    r"/((ui|assets|static)/.*|(gradio_api/)?theme\.css|favicon\.ico|robots\.txt|manifest\.json)"
)
"""What may be kept by browsers and proxies; everything else is one visitor's."""
_WHOLE = frozenset({200, 206, 304})
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """ASGI application around another one."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = LOCAL_NAMES | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = HSTS
                if message["status"] not in _WHOLE or not _THE_SAME_FOR_ALL.fullmatch(scope["path"]):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = refuse(scope["method"], scope["path"], Headers(scope=scope), self._hosts)
        app = self._app if refused is None else refused
        await app(scope, receive, send_with_headers)


def refuse(method: str, path: str, headers: Mapping[str, str], hosts: frozenset[str]) -> Response | None:
    """Return the refusal of a request, or None for one that may pass.

    A foreign name in ``Host`` is another site's name that points here (DNS rebinding). A foreign ``Origin``
    or ``Sec-Fetch-Site`` is another site's page that calls; only following a link to the page is open to it.
    """
    if not _is_ours(_hostname(headers.get("host", "")), hosts):
        return _refused(
            path,
            "this address is not one of Footnote's: open it by localhost, or name it in the setting 'hosts'",
            421,
        )
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        return _refused(path, "calls from other sites are refused", 403)
    if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not (
        method in _SAFE_METHODS and headers.get("sec-fetch-mode") == "navigate"
    ):
        return _refused(path, "calls from other sites are refused", 403)
    if not (_GRADIO_ROUTES.fullmatch(path) or _OWN_ROUTES.fullmatch(path)):
        return _refused(path, "not found", 404)
    return None


def _refused(path: str, words: str, status: int) -> Response:
    return refusal(path, status, words) if is_api(path) else PlainTextResponse(words, status)


def _is_ours(name: str, hosts: frozenset[str]) -> bool:
    """Return whether a name is one of ours: where we listen on every address, each one in numbers is, too."""
    return name in hosts or (not hosts.isdisjoint(ANY_ADDRESS) and _ADDRESS.fullmatch(name) is not None)


def _hostname(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
