"""The doors for programs over a fake assistant, behind guard and gate and without the page, at an address."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from rag.assistant import Assistant
from rag.people.api_keys import ApiKeys
from rag.people.limits import Limits
from ui.answers import Answers
from ui.bearers import Bearers
from ui.gate import Gate
from ui.guard import Guard
from ui.listen import address, listen
from ui.openai_routes import add_openai_routes
from ui.reading_routes import add_reading_routes
from ui.routes import add_routes
from ui.visitors import KEY


class As:
    """Middleware that takes whoever the key names for who calls, as the gate does with real keys."""

    def __init__(self, app) -> None:
        self._app = app

    async def __call__(self, scope, receive, send) -> None:
        key = dict(scope.get("headers", ())).get(b"authorization", b"").decode()
        user = key.removeprefix("Bearer ")
        await self._app(scope | {KEY: user if user in ("anna", "bob") else ""}, receive, send)


def nobodys_keys(assistant: Assistant) -> Bearers:
    """Return what looks keys up where nobody has to have one."""
    catalog = assistant.library.catalog
    return Bearers(ApiKeys(catalog), Limits(catalog), needed=False)


class Door:
    """An application at an address, and what stands behind it."""

    def __init__(self, assistant: Assistant, *others: Callable[[FastAPI, Answers], None]) -> None:
        self.assistant = assistant
        self.answers = Answers(assistant)
        self.url = ""
        self.app = FastAPI()
        self.app.add_middleware(As)
        self.app.add_middleware(Gate, sign_ins=None, bearers=nobodys_keys(assistant))
        add_routes(self.app, assistant)
        self._reading = add_reading_routes(self.app, assistant)
        add_openai_routes(self.app, self.answers)
        for add in others:
            add(self.app, self.answers)

    def end(self) -> None:
        self.answers.stop_all()
        self._reading.close()


@contextmanager
def opened(door: Door) -> Iterator[Door]:
    """Serve a door in a thread, and yield it with its address."""
    ready = threading.Event()

    @asynccontextmanager
    async def lifespan(app: FastAPI):
        async with inner(app):
            ready.set()
            yield

    inner = door.app.router.lifespan_context
    door.app.router.lifespan_context = lifespan
    with listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(Guard(door.app, []), log_level="error", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            assert ready.wait(120)
            door.url = address(listener).rstrip("/")
            yield door
        finally:
            door.end()
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()
