"""The chat's server: the application, from the address it listens on to the signal that ends it."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from rag.library import Library
from rag.settings import Settings
from ui.app import create_app
from ui.listen import address, listen, own_address
from ui.local_door import LocalDoor
from ui.local_file import published
from ui.readiness import Readiness

if TYPE_CHECKING:
    from rag.assistant import Assistant

SHUTDOWN_S = 2
"""Seconds that open streams get to end by themselves."""

_LOG = logging.getLogger(__name__)


def serve(
    assistant: Assistant,
    settings: Settings,
    on_ready: Callable[[str], None],
    opening: threading.Thread | None = None,
) -> None:
    """Serve the chat until SIGTERM or SIGINT, and `drain_s` longer, then close the assistant.

    A second signal ends it at once.

    Args:
        assistant: who answers; it is closed at the end, whatever happens.
        settings: `host` and `port`; port 0 takes a free one.
        on_ready: called with the address once it answers.
        opening: while this thread runs, the chat answers but does not count as ready.

    Raises:
        SettingsError: the address is not one of this machine, or the port is taken.
    """
    import uvicorn

    readiness = Readiness(opening)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            _tell_commands(told, assistant.library, own_address(listeners[-1]), app.state.local)
            on_ready(address(listeners[0]))

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not readiness.drain(settings.drain_s):
                super().handle_exit(sig, frame)

        async def on_tick(self, counter: int) -> bool:
            return await super().on_tick(counter) or readiness.drained

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            told.close()
            app.state.end_streams()
            await super().shutdown(sockets)

    try:
        with _listening(settings) as listeners, ExitStack() as told:
            app = create_app(assistant, settings, readiness)
            config = uvicorn.Config(
                app,
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=False,  # the setting `proxies` says whose are believed
                timeout_graceful_shutdown=SHUTDOWN_S,
            )
            with _signals_that_end():
                Server(config).run(sockets=listeners)
    finally:
        assistant.close()


@contextmanager
def _listening(settings: Settings) -> Iterator[list[socket.socket]]:
    """Yield what is listened on, at last always something that this machine reaches by itself."""
    with listen(settings.host, settings.port, auth=settings.auth) as listener:
        if own_address(listener) is not None:
            yield [listener]
            return
        with listen("127.0.0.1", 0) as own:
            yield [listener, own]


def _tell_commands(told: ExitStack, library: Library, at: str | None, local: LocalDoor) -> None:
    """Let the other commands know, while `told` is open, that they can ask here."""
    if at is None or library.read_only:
        return
    try:
        told.enter_context(published(library.path, at, local.secret))
    except OSError as error:
        _LOG.warning("other commands cannot be told that Footnote runs on this library: %s", error)


@contextmanager
def _signals_that_end() -> Iterator[None]:
    """Make SIGTERM and SIGINT mean "end well": uvicorn raises them again once it has ended."""

    def ignore(_number: int, _frame: FrameType | None) -> None:
        _LOG.info("ended by a signal")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    old = {number: signal.signal(number, ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
