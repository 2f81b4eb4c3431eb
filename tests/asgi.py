"""Calls to an application without a server; a stream that has nothing more to say is left, as browsers do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

QUIET_S = 0.2
"""Seconds after which a stream is left."""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def words(self) -> str:
        """All of it as text."""
        return "\n".join([*(f"{k}: {v}" for k, v in self.headers), self.body.decode("utf-8", "replace")])


async def call(
    app,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    client: str = "127.0.0.1",
    scheme: str = "http",
    patience: float = QUIET_S,
) -> Reply:
    """Call the application as a server would; a stream is left after `patience` seconds without a word."""
    parts = urlsplit(target)
    told = {"host": "127.0.0.1:7860", "content-length": str(len(body))} | dict(headers or {})
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in told.items()],
        "client": (client, 50_000),
        "server": ("127.0.0.1", 7860),
    }
    sent: asyncio.Queue = asyncio.Queue()
    left = asyncio.Event()
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        if waiting:
            return waiting.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    task = asyncio.create_task(app(scope, receive, sent.put))
    task.add_done_callback(lambda _: sent.put_nowait(None))
    status, given, parts_of_body = 0, [], []
    while True:
        try:
            message = await (sent.get() if not status else asyncio.wait_for(sent.get(), patience))
        except TimeoutError:
            left.set()
            await asyncio.wait([task], timeout=5)
            break
        if message is None:
            break
        if message["type"] == "http.response.start":
            status = message["status"]
            given = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
        else:
            parts_of_body.append(message.get("body", b""))
            if not message.get("more_body"):
                await asyncio.wait([task], timeout=5)
                break
    if not status:
        task.result()  # raises what kept it from answering
    elif task.done() and not task.cancelled():
        task.exception()  # was answered with 500
    return Reply(status, given, b"".join(parts_of_body))
