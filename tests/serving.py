"""The page over a scripted model, served in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fakes import AngleEmbedder, ScriptedModel, put

from rag.assistant import Assistant
from rag.library import Library
from rag.people.conversations import Conversations
from rag.settings import Settings
from ui.app import create_app
from ui.listen import address, listen


class Served:
    """A library, a scripted model and the page over them, at an address."""

    def __init__(self, assistant: Assistant, model: ScriptedModel, url: str) -> None:
        self.assistant = assistant
        self.library = assistant.library
        self.model = model
        self.url = url
        self.conversations = Conversations(assistant.library.catalog)

    def put(self, name: str, text: str, **facts) -> None:
        """Store a document whose passages are its lines."""
        put(self.library, name, text, self.assistant.embedder, **facts)


@contextmanager
def serving(assistant: Assistant, settings: Settings) -> Iterator[str]:
    """Serve the page, and yield its address."""
    stop: list[Callable[[], object]] = []
    made = threading.Event()

    async def run() -> None:
        try:
            app = create_app(assistant, settings)
            server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
            stop.extend([app.state.end_streams, lambda: setattr(server, "should_exit", True)])
        finally:
            made.set()
        await server.serve(sockets=[listener])

    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        try:
            assert made.wait(600)
            yield address(listener)
        finally:
            for each in stop:
                each()
            thread.join(600)
            assert not thread.is_alive()


@contextmanager
def page_over(
    folder: Path,
    model: ScriptedModel | None = None,
    prepare: Callable[[Library], None] = lambda _: None,
    **options,
) -> Iterator[Served]:
    """Serve the page over an empty library in a folder.

    `prepare` is called with the library before it is served; `options` are settings.
    """
    model = model if model is not None else ScriptedModel()
    settings = Settings(**{"library": folder / "library", "llm": "none", **options})
    library = Library.open(settings.library, create=True)
    prepare(library)
    with (
        Assistant(library, AngleEmbedder(), model, settings) as assistant,
        serving(assistant, settings) as url,
    ):
        yield Served(assistant, model, url)
