"""A server of embeddings that answers as it is told to, and breaks in every way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fakes import AngleEmbedder

Reply = Callable[["Handler", list[str]], None]


class EmbeddingsServer(ThreadingHTTPServer):
    """Answers each request by the next of `replies`, then by `always`; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[Reply] = []
        self.always: Reply | None = None
        self.asked: list[dict] = []
        self.headers: list[dict[str, str]] = []
        self.pace = 0.0
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1

    def next(self) -> Reply:
        with self._lock:
            return self.replies.pop(0) if self.replies else self.always or vectors()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: EmbeddingsServer

    def do_POST(self) -> None:
        with self.server.counted():
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.asked.append({"path": self.path, **asked})
            self.server.headers.append(dict(self.headers))
            time.sleep(self.server.pace)
        with suppress(ConnectionError):  # the client has had enough
            self.server.next()(self, asked["input"])

    def send(
        self, body: str | bytes, status: int = 200, kind: str = "application/json", **headers: str
    ) -> None:
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args) -> None:
        """Say nothing."""


def rows(texts: list[str]) -> list[dict]:
    made = AngleEmbedder().embed(texts).tolist()
    return [{"object": "embedding", "index": n, "embedding": each} for n, each in enumerate(made)]


def vectors(change: Callable[[list[dict]], object] = lambda made: made) -> Reply:
    """Answer with vectors, after `change` had them."""
    return lambda handler, texts: handler.send(json.dumps({"object": "list", "data": change(rows(texts))}))


def text(body: str, status: int = 200, kind: str = "application/json", **headers: str) -> Reply:
    """Answer with a text."""
    return lambda handler, _: handler.send(body, status, kind, **headers)


def broken_off(handler: Handler, _: list[str]) -> None:
    """Promise more than comes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')
    handler.close_connection = True


def hung_up(handler: Handler, _: list[str]) -> None:
    """Say nothing at all."""
    handler.close_connection = True


def dripping(handler: Handler, _: list[str]) -> None:
    """Send a byte now and then, for ever."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.02)


def silent(handler: Handler, _: list[str]) -> None:
    """Send nothing for a second."""
    time.sleep(1)
    handler.close_connection = True


@contextmanager
def serving_embeddings() -> Iterator[EmbeddingsServer]:
    """Serve on a free port while the context lasts."""
    server = EmbeddingsServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
