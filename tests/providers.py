"""A small server that speaks the protocol of OpenAI, Anthropic or Ollama."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def _openai(words: list[str]) -> Iterator[str]:
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "some"}
    for n, word in enumerate(words):
        delta = {"content": word} | ({"role": "assistant"} if n == 0 else {})
        chunk = head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        yield f"data: {json.dumps(chunk)}\n\n"
    yield f"data: {json.dumps(head | {'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]})}\n\n"
    yield "data: [DONE]\n\n"


def _anthropic(words: list[str]) -> Iterator[str]:
    def event(kind: str, **facts) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind} | facts)}\n\n"

    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "1", "type": "message", "role": "assistant", "model": "some", "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
    yield event("message_start", message=message)
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for word in words:
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=usage)
    yield event("message_stop")


def _ollama(words: list[str]) -> Iterator[str]:
    head = {"model": "some", "created_at": "2026-01-01T00:00:00Z"}
    for word in words:
        yield json.dumps(head | {"message": {"role": "assistant", "content": word}, "done": False}) + "\n"
    last = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
    yield json.dumps(head | last) + "\n"


BROKEN = "(broken)"

PROTOCOLS = {"openai": _openai, "anthropic": _anthropic, "ollama": _ollama}


class Served(ThreadingHTTPServer):
    """Answers as it is told to, word by word, and keeps what it was asked.

    First come `refusals`: status, headers and body. An answer that ends with `BROKEN` ends there, unfinished.
    """

    daemon_threads = True

    def __init__(self, provider: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.speak = PROTOCOLS[provider]
        self.answers: list[str] = []
        self.refusals: list[tuple[int, dict[str, str], str]] = []
        self.asked: list[dict] = []
        self.sent = 0


class _Handler(BaseHTTPRequestHandler):
    server: Served
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if self.server.refusals:
            self._refuse(*self.server.refusals.pop(0))
            return
        answer = self.server.answers.pop(0)
        self.send_response(200)
        stream = "application/x-ndjson" if self.server.speak is _ollama else "text/event-stream"
        self.send_header("Content-Type", stream)
        self.send_header("Connection", "close")
        self.send_header("Transfer-Encoding", "chunked")  # so that what breaks off is told from an end
        self.end_headers()
        with suppress(ConnectionError):  # the client has had enough
            for piece in self.server.speak([f"{word} " for word in answer.split()]):
                if BROKEN in piece:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self._chunk(piece.encode())
                self.server.sent += 1
            self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _refuse(self, status: int, headers: dict[str, str], body: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args) -> None:
        """Say nothing."""


@contextmanager
def serving(provider: str) -> Iterator[Served]:
    """Serve on a free port while the context lasts."""
    server = Served(provider)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
