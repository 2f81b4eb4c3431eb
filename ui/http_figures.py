"""What an observer is told of each request: its method, the route that it is for, and the status it got."""

from __future__ import annotations

import re
from time import perf_counter
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from ui.metrics import Metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"

_ROUTES = (
    (
        re.compile(r"/((ui|assets|static)/.*|(gradio_api/)?theme\.css|(favicon|robots|manifest)\.\w+)"),
        "static",
    ),
    (re.compile(r"(/api/v1/(ask|collections|conversations|documents|jobs|passages|search))(/.*)?"), r"\1"),
    (re.compile(r"(/gradio_api/queue/(join|data)|/gradio_api/heartbeat)(/.*)?"), r"\1"),
    (
        re.compile(
            r"(/(health|ready|metrics|me|sign-in|sign-out|starter|map|view|local|documents|uploads|collections"
            r"|passages|conversations|turns|mcp|v1|api|gradio_api|config))(/.*)?"
        ),
        r"\1",
    ),
    (re.compile(r"(/)"), r"\1"),
)
"""Paths, and how many of one kind are told together: a label must have few values, and hold no id."""


def route_of(path: str) -> str:
    """Return under which name a path is counted."""
    for pattern, name in _ROUTES:
        if found := pattern.fullmatch(path):
            return found.expand(name)
    return OTHER


class HttpFigures:
    """ASGI application around another one."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request be answered, and tell of it once the answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        method = scope["method"] if scope["method"] in METHODS else OTHER

        async def send_and_tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = perf_counter() - began
                self._metrics.responded(method, route_of(scope["path"]), message["status"], seconds)
            await send(message)

        with self._metrics.open_requests.track_inprogress():
            await self._app(scope, receive, send_and_tell)
