"""The door of a running Footnote over a scripted model, served in a thread, without the page."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.responses import PlainTextResponse

from ingest.limits import DEFAULT_LIMITS
from rag.assistant import Assistant
from ui.answers import Answers
from ui.guard import Guard
from ui.intake import Intake
from ui.listen import listen, own_address
from ui.local_door import LocalDoor
from ui.local_file import published
from ui.local_work import LocalWork
from ui.turnstile import Turnstile


class Opened:
    """A door that can be asked at; `turnstile` is the queue before its model."""

    def __init__(self, assistant: Assistant) -> None:
        self.library = assistant.library
        answers = Answers(assistant)
        self.turnstile = answers.turnstile = Turnstile(1)
        self.intake = Intake(assistant.library, assistant.embedder, DEFAULT_LIMITS)
        self.local = LocalDoor(LocalWork(answers, self.intake).works, assistant.settings)
        self.address = ""


@contextmanager
def door_of(assistant: Assistant) -> Iterator[Opened]:
    """Hold the library and serve the door alone; the commands can find it."""
    assistant.library.lock("footnote chat")
    opened = Opened(assistant)
    app = Guard(opened.local.around(PlainTextResponse("the page")), ())
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    with listen("127.0.0.1", 0) as listener:
        opened.address = own_address(listener)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            with published(assistant.library.path, opened.address, opened.local.secret):
                yield opened
        finally:
            opened.local.halt()
            server.should_exit = True
            thread.join(20)
            opened.local.join()
            opened.intake.stop()
            assert not thread.is_alive()


def until(condition, timeout_s: float = 20.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
