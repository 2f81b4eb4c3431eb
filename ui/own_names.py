"""Each user's own names for what happens in Gradio's queue: foreign ones lead nowhere.

A browser makes up the name of its session (`session_hash`), and whoever knows one could follow, stop or end
what it names. So a name is replaced, on its way in, by one that only this user's requests come to: two users
who use the same name mean two things, and there is no table to fill or to race for. Names that Gradio makes
(`event_id`) are remembered by user, and are not found by any other. Files come another way, so that no event
may name one.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.visitors import KEY

API = "/gradio_api/"

MOST_BYTES = 4 * 2**20
"""Largest body of an event: a question has 4,000 characters."""

MOST_NAMES = 2000
"""Names that are remembered of one user; the oldest are forgotten first, and are not found from then on."""

_HARMLESS = frozenset({"app_id", "startup-events", "theme.css"})
_NAMED_IN_BODY = frozenset({"queue/join", "cancel", "reset"})
_HEARTBEAT = re.compile(r"heartbeat/([^/]+)")


class OwnNames:
    """Lets a user's calls through to Gradio under names of that user alone."""

    def __init__(self) -> None:
        """Remember nothing; names of an earlier process mean nothing to this one."""
        self._secret = secrets.token_bytes(32)
        self._given: dict[str, OrderedDict[str, None]] = {}

    def name(self, user: str, name: str) -> str:
        """Return the name that stands for a user's."""
        words = f"{user}/{name}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(words, key=self._secret, digest_size=16).hexdigest()

    async def call(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application; what is not Gradio's passes as it is. The scope names the user."""
        if not scope["path"].startswith(API):
            await app(scope, receive, send)
            return
        user, route = scope[KEY], scope["path"].removeprefix(API)
        if found := _HEARTBEAT.fullmatch(route):
            path = f"{API}heartbeat/{self.name(user, found[1])}"
            await app({**scope, "path": path, "raw_path": path.encode()}, receive, send)
        elif route == "queue/data":
            query = self._query(scope, user, "session_hash")
            await app({**scope, "query_string": query}, receive, send)
        elif route in _NAMED_IN_BODY:
            await self._event(app, scope, receive, send)
        elif route in _HARMLESS:
            await app(scope, receive, send)
        else:
            await _refusal(404, "Not Found")(scope, receive, send)

    async def _event(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        user = scope[KEY]
        body = await _json(Request(scope, receive))
        if isinstance(body, JSONResponse):
            await body(scope, receive, send)
            return
        joining = scope["path"].endswith("/join")
        known = not _names_files(body.get("data")) if joining else self._knows(user, body.get("event_id"))
        if not known:
            await _refusal(404, "no such event or file: it may be another user's")(scope, receive, send)
            return
        if isinstance(body.get("session_hash"), str):
            body["session_hash"] = self.name(user, body["session_hash"])
        if joining:
            body.pop("event_id", None)
            send = self._remembering(user, send)
        scope = _uncompressed(scope)
        receive = _replaying(body, scope, receive)
        await app(scope, receive, send)

    def _query(self, scope: Scope, user: str, key: str) -> bytes:
        """Return the query string with a user's own name in place of the one that is there."""
        given = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        if key in given:
            given[key] = self.name(user, given[key])
        return urlencode(given).encode()

    def _knows(self, user: str, event: object) -> bool:
        return isinstance(event, str) and event in self._given.get(user, ())

    def _remembering(self, user: str, send: Send) -> Send:
        """Return a `send` that remembers, as the user's, the event that an answer names."""
        parts: list[bytes] = []

        async def remember(message: Message) -> None:
            if message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    self._remember(user, _parsed(b"".join(parts)))
            await send(message)

        return remember

    def _remember(self, user: str, answer: Any) -> None:
        event = answer.get("event_id") if isinstance(answer, dict) else None
        if not isinstance(event, str):
            return
        given = self._given.setdefault(user, OrderedDict())
        given[event] = None
        given.move_to_end(event)
        while len(given) > MOST_NAMES:
            given.popitem(last=False)


async def _json(request: Request) -> dict[str, Any] | JSONResponse:
    """Return the body of a request, or the refusal of one that is no object in JSON or too large."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                return _refusal(413, "the request is too large")
            parts.append(part)
    except ClientDisconnect:
        return _refusal(400, "the request ended early")
    body = _parsed(b"".join(parts))
    return body if isinstance(body, dict) else _refusal(400, "the request is no object in JSON")


def _replaying(body: Mapping[str, Any], scope: Scope, receive: Receive) -> Receive:
    """Return a `receive` that gives this body, and then what comes after it."""
    content = json.dumps(body).encode()
    headers = MutableHeaders(scope=scope)
    headers["content-length"] = str(len(content))
    headers["content-type"] = "application/json"
    del headers["transfer-encoding"]
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": content, "more_body": False}

    return replay


def _uncompressed(scope: Scope) -> Scope:
    """Return the scope of a request whose answer can be read on its way out."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    return {**scope, "headers": headers}


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _names_files(value: Any) -> bool:
    """Return whether the data of an event names a file, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            if "path" in each:
                return True
            waiting += each.values()
    return False


def _refusal(status: int, why: str) -> JSONResponse:
    return JSONResponse({"detail": why}, status)
