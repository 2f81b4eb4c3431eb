"""Calls to the Footnote that runs on a library: JSON line by line, and its errors as they were raised there.

The standard library's HTTP client loads ten times as fast as httpx.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from rag.errors import FootnoteError, ServerGone
from ui.local_file import Door
from ui.local_forms import error_from_dict

CONNECT_S = 2.0
SILENCE_S = 60.0
"""Seconds without a sign of life after which the other side counts as gone; it gives one twice a second."""

_HELLO_S = 10.0


class Calls:
    """Calls at one door; each has a connection of its own."""

    def __init__(self, door: Door) -> None:
        """Send nothing yet."""
        self._door = door

    def settings(self) -> Mapping[str, str] | None:
        """Return its settings as `ui.local_forms.marks` tells them; None where it does not answer."""
        try:
            with closing(self._connected(_HELLO_S)) as connection:
                response = self._send(connection, "GET", "hello")
                told = json.loads(response.read())
        except (OSError, HTTPException, ValueError):
            return None
        return told["settings"] if response.status == 200 else None

    def lines(
        self, name: str, asked: Mapping[str, Any], stopping: Callable[[], bool]
    ) -> Iterator[dict[str, Any]]:
        """Yield what is told, errors apart; at the first time that `stopping` is true, say so there.

        Raises:
            ServerGone: it ended meanwhile, or does not do it.
            FootnoteError: as it was raised there.
        """
        errand, told_to_stop = "", False
        try:
            with closing(self._connected(SILENCE_S)) as connection:
                response = self._send(connection, "POST", name, asked)
                if response.status != 200:
                    raise _refused(response)
                for raw in iter(response.readline, b""):
                    line = json.loads(raw)
                    if line["type"] == "error":
                        raise error_from_dict(line)
                    errand = line["id"] if line["type"] == "begun" else errand
                    if stopping() and not told_to_stop:
                        told_to_stop = True
                        self._stop(errand)
                    yield line
        except (OSError, HTTPException, ValueError) as error:
            raise gone("try again") from error

    def _stop(self, errand: str) -> None:
        with closing(self._connected(_HELLO_S)) as connection:
            self._send(connection, "POST", "stop", {"id": errand}).read()

    def _connected(self, silence_s: float) -> HTTPConnection:
        parts = urlsplit(self._door.address)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=CONNECT_S)
        connection.connect()
        connection.sock.settimeout(silence_s)
        return connection

    def _send(
        self, connection: HTTPConnection, method: str, name: str, asked: Mapping[str, Any] | None = None
    ) -> HTTPResponse:
        body = None if asked is None else json.dumps(asked).encode()
        headers = {"Authorization": f"Bearer {self._door.secret}", "Content-Type": "application/json"}
        connection.request(method, f"/local/{name}", body, headers)
        return connection.getresponse()


def gone(what_to_do: str) -> ServerGone:
    """Return the error for a Footnote that ended, with what to do then."""
    return ServerGone(f"the Footnote that runs on the library ended before this was done: {what_to_do}")


def _refused(response: HTTPResponse) -> FootnoteError:
    try:
        detail = str(json.loads(response.read())["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"it answered {response.status}"
    return ServerGone(f"the Footnote that runs on the library did not do it: {detail}")
