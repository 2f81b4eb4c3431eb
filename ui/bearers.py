"""Programs that come with an API key: who they are, what they may do, and how often.

A key is sent as ``Authorization: Bearer fn_…`` and stands for a user; one that stands for nobody sees what
everybody may see, and changes nothing. Keys are for the API alone: no page is opened by one.
"""

from __future__ import annotations

import asyncio
import math
import re
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from rag.people.api_keys import PREFIX, ApiKey, ApiKeys
from rag.people.limits import Limits
from ui.allowance import Allowances
from ui.lockout import Lockout, address_key
from ui.refusals import is_api, refusal
from ui.visitors import EVERYBODY

KEYLESS = (
    "this needs an API key, sent as 'Authorization: Bearer fn_…': one is made by 'footnote keys add NAME'"
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOKING = 4
"""Keys that are looked up at the same time."""

_ASKING = re.compile(r"/(api/v1/ask|v1/.*|mcp(/.*)?)", re.DOTALL)
"""What asks without leaving anything behind, though its method is POST."""
_SEARCHING = "/api/v1/search"


class Bearers:
    """Who comes with which key: looked up in threads of its own."""

    def __init__(self, keys: ApiKeys, limits: Limits, *, needed: bool) -> None:
        """Look keys up, and count wrong ones.

        Args:
            keys: those that there are.
            limits: where questions are counted, and wrong keys by address, with the wrong passwords.
            needed: whether nobody is let in without a key. Where anybody is, other programs' placeholders
                are let pass, and only what looks like a key of ours is checked.
        """
        self._keys = keys
        self._lockout = Lockout(limits)
        self._needed = needed
        self._allowances = Allowances(limits)
        self._looking = ThreadPoolExecutor(LOOKING, "key")

    async def judge(self, request: HTTPConnection) -> str | Response | None:
        """Return for whom the key of a request stands, why it may not pass, or None where it has no key.

        Raises:
            LibraryError: the keys cannot be read.
        """
        secret = _secret_of(request) if is_api(request.scope["path"]) else ""
        if not secret or not (self._needed or secret.startswith(PREFIX)):
            return None
        return await asyncio.get_running_loop().run_in_executor(self._looking, self._judged, request, secret)

    def _judged(self, request: HTTPConnection, secret: str) -> str | Response:
        key = self._keys.find(secret)
        if key is None:
            return self._unknown(request)
        return self._refusal(request.scope, key) or key.user or EVERYBODY

    def _unknown(self, request: HTTPConnection) -> Response:
        """Count a wrong key, and say so; after too many, its address is told to wait.

        A right key is let in all the while: unlike a password it is not found by trying.
        """
        address = address_key(request.client.host if request.client else "")
        if seconds := self._lockout.begin(address).seconds:
            return _later(request.scope, seconds, "too many wrong keys or passwords from this address")
        return unauthorized(
            request.scope,
            "there is no such API key: 'footnote keys list' shows which there are",
            'error="invalid_token"',
        )

    def _refusal(self, scope: Scope, key: ApiKey) -> Response | None:
        method, path = scope["method"], scope["path"]
        changes = method not in SAFE_METHODS
        if changes and not key.user and not _ASKING.fullmatch(path):
            why = f"the key '{key.name}' stands for no user and changes nothing: use one made with --user"
            return refusal(path, 403, why)
        if not changes and path != _SEARCHING:
            return None
        seconds = self._allowances.take(key.name, key.a_minute)
        if not seconds:
            return None
        return _later(scope, seconds, f"the key '{key.name}' may ask {key.a_minute:,} a minute")


def unauthorized(scope: Scope, why: str, more: str = "") -> Response:
    """Return the refusal of a program that did not say who it is."""
    challenge = ", ".join(filter(None, ('Bearer realm="Footnote"', more)))
    return refusal(scope["path"], 401, why, {"WWW-Authenticate": challenge})


def _later(scope: Scope, seconds: float, why: str) -> Response:
    wait = max(1, math.ceil(seconds))
    words = f"{why}: wait {wait} second{'' if wait == 1 else 's'}"
    return refusal(scope["path"], 429, words, {"Retry-After": str(wait)})


def _secret_of(request: HTTPConnection) -> str:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""
