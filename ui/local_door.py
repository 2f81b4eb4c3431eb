"""The door for the commands of whoever runs this Footnote: ``/local/…``, behind a secret, over loopback only.

It stands before the sign-in: who can read the library's files needs none. What is asked is told line by
line as JSON, with a sign of life in between; who leaves, or asks to, stops what was asked for.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import logging
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.errors import FootnoteError, ServerGone
from rag.settings import Settings
from ui.answers import UNEXPECTED
from ui.local_file import new_secret, own_version
from ui.local_forms import error_to_dict, marks
from ui.local_work import Line, Work

PREFIX = "/local/"
ALIVE_S = 0.5
"""Seconds between two signs of life."""

ENDED = "the Footnote that runs on the library was stopped before this was done: try again"

_BROWSERS = ("origin", "cookie", "referer", "sec-fetch-site")
_PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "via")
_LOG = logging.getLogger(__name__)


class LocalDoor:
    """What can be asked for, by whom, and what of it is going on. `around` puts it before an application."""

    def __init__(self, works: Mapping[str, Work], settings: Settings) -> None:
        """Offer these works, by their names."""
        self.secret = new_secret()
        self._works = works
        self._settings = settings
        self._errands: dict[str, _Errand] = {}
        self._ended = False

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an application that answers here what is asked here, and lets all else through."""

        async def either(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
                await app(scope, receive, send)
                return
            request = Request(scope, receive)
            answer: ASGIApp = refusal(request, self.secret) or await self._answer(request)
            await answer(scope, receive, send)

        return either

    def halt(self) -> None:
        """Ask everything to end; what is being stored is finished."""
        self._ended = True
        for errand in list(self._errands.values()):
            errand.stop.set()

    def join(self, timeout_s: float = 30.0) -> None:
        """Wait until nothing is written to the library any more, at most so long."""
        until = time.monotonic() + timeout_s
        for errand in list(self._errands.values()):
            errand.thread.join(max(0.0, until - time.monotonic()))

    async def _answer(self, request: Request) -> ASGIApp:
        name = request.url.path.removeprefix(PREFIX)
        if name == "hello" and request.method == "GET":
            told = {"version": own_version(), "settings": marks(self._settings, self.secret)}
            return JSONResponse(told)
        if request.method != "POST" or name not in (*self._works, "stop"):
            return _refused(404, "there is no such thing to ask for")
        try:
            asked = json.loads(await request.body())
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            return _refused(422, "what is asked is no JSON object")
        if name == "stop":
            errand = self._errands.get(str(asked.get("id")))
            if errand is not None:
                errand.stop.set()
            return Response(status_code=204)
        if self._ended:
            return _refused(503, ENDED)
        return _Errand(self, name, self._works[name], asked)

    def _begun(self, errand: _Errand) -> None:
        self._errands[errand.id] = errand
        if self._ended:  # between the question and its thread
            errand.stop.set()

    def _done(self, errand: _Errand) -> None:
        self._errands.pop(errand.id, None)


class _Errand:
    """One thing that was asked for: an answer of lines, which a thread of its own makes."""

    def __init__(self, door: LocalDoor, name: str, work: Work, asked: dict[str, Any]) -> None:
        self.id = new_secret()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"local {name}", daemon=True)
        self._door = door
        self._work = work
        self._asked = asked
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[Line | None] = asyncio.Queue()
        self._cut = False

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the lines as they come, until the last, or until nobody hears them."""
        gone = asyncio.create_task(_gone(receive))
        try:
            self._door._begun(self)
            self.thread.start()
            headers = [(b"content-type", b"application/x-ndjson")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            line: Line | None = {"type": "begun", "id": self.id}
            while line is not None and not gone.done():
                await send({"type": "http.response.body", "body": _packed(line), "more_body": True})
                line = None if self._cut else await self._next()
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.stop.set()
            gone.cancel()

    async def _next(self) -> Line | None:
        try:
            return await asyncio.wait_for(self._lines.get(), ALIVE_S)
        except TimeoutError:
            if not self._door._ended:
                return {"type": "alive"}
            self._cut = True  # what is at hand is finished, but nobody can wait for it
            return error_to_dict(ServerGone(ENDED))

    def _run(self) -> None:
        try:
            self._work(self._asked, self._tell, self.stop.is_set)
            if self._door._ended:
                raise ServerGone(ENDED)
        except FootnoteError as error:
            self._tell(error_to_dict(error))
        except Exception:  # the border of a request: who asked must be told something
            _LOG.exception("what a command asked for failed")
            self._tell(error_to_dict(FootnoteError(UNEXPECTED)))
        finally:
            self._tell(None)
            self._door._done(self)

    def _tell(self, line: Line | None) -> None:
        with suppress(RuntimeError):  # the server has ended: what is at hand is finished all the same
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)


def refusal(request: Request, secret: str) -> Response | None:
    """Return why a request may not ask for anything here; None for one that may.

    It comes from this machine, by no browser and through no proxy, and shows the secret.
    """
    if request.client is None or not _is_loopback(request.client.host):
        return _refused(403, "this is answered on the machine itself only")
    if came_through_a_proxy(request) or any(name in request.headers for name in _BROWSERS):
        return _refused(403, "this is for the commands of Footnote, not for browsers and proxies")
    shown = request.headers.get("authorization", "")
    if not hmac.compare_digest(shown.encode(), f"Bearer {secret}".encode()):
        return _refused(401, "this is for who can read the library's files")
    return None


def came_through_a_proxy(request: Request) -> bool:
    """Return whether a proxy says that it brings a request."""
    return any(name in request.headers for name in _PROXIES)


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"detail": why}, status)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _packed(line: Line) -> bytes:
    return json.dumps(line).encode() + b"\n"


async def _gone(receive: Receive) -> None:
    """Wait until who asked has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
