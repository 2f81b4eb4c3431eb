"""The chat's server: our routes, the page mounted at ``/``, and a guard before both."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount
from starlette.types import ASGIApp

from rag.settings import Settings
from ui.guard import Guard
from ui.intake import Intake
from ui.library_routes import add_library_routes
from ui.listen import address, check_host, check_port, listen
from ui.routes import add_routes
from ui.runs import Runs

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = ["check_host", "check_port", "create_app", "serve"]

STATIC = Path(__file__).parent / "static"
SHUTDOWN_S = 2
"""Seconds that open streams get to end by themselves."""

_NEVER = str(10**9)
"""Events between two statistics of Gradio's queue, which it otherwise makes with pandas after every event."""

_LOG = logging.getLogger(__name__)


class _App(FastAPI):
    """A FastAPI application with the guard outside of everything, error pages included."""

    def __init__(self, hosts: list[str]) -> None:
        super().__init__(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None)
        self._hosts = hosts

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap the stack that FastAPI builds."""
        return Guard(super().build_middleware_stack(), self._hosts)


def create_app(assistant: Assistant, settings: Settings) -> FastAPI:
    """Return the application: routes, page and guard; its ``state.end_streams()`` lets open pages go.

    Raises:
        SettingsError: `settings.host` is not an address of this machine.
    """
    import gradio as gr

    from ui.chat import HEAD, build_page, make_theme

    check_host(settings.host)
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = _NEVER
    app = _App([settings.host])
    add_routes(app, assistant)
    intake = add_library_routes(app, assistant)
    app.router.lifespan_context = _reading(intake)
    app.mount("/ui", StaticFiles(directory=STATIC), name="ui")
    runs = Runs(assistant)
    gr.mount_gradio_app(
        app,
        build_page(assistant, runs),
        "/",
        footer_links=[],
        run_history=False,
        show_error=False,
        favicon_path=str(STATIC / "icon.png"),
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        theme=make_theme(),
        head=HEAD,
    )
    gradio_app: Any = next(r.app for r in app.routes if isinstance(r, Mount) and r.name != "ui")

    def end_streams() -> None:
        runs.stop_all()
        intake.halt()
        gradio_app.stop_event.set()

    app.state.end_streams = end_streams
    return app


def _reading(intake: Intake) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return what reads uploads for as long as the application runs, and no longer."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(intake.start)
        try:
            yield
        finally:
            await run_in_threadpool(intake.stop)

    return lifespan


def serve(assistant: Assistant, settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Serve the chat until SIGTERM or SIGINT, then close the assistant.

    Args:
        assistant: who answers; it is closed at the end, whatever happens.
        settings: `host` and `port`; port 0 takes a free one.
        on_ready: called with the address once it answers.

    Raises:
        SettingsError: the address is not one of this machine, or the port is taken.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            on_ready(address(listener))

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.end_streams()
            await super().shutdown(sockets)

    try:
        with listen(settings.host, settings.port) as listener:
            app = create_app(assistant, settings)
            config = uvicorn.Config(
                app,
                log_level="error",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_S,
            )
            with _signals_that_end():
                Server(config).run(sockets=[listener])
    finally:
        assistant.close()


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
