"""The chat's server: our routes, the page mounted at ``/``, and a guard before both."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount
from starlette.types import ASGIApp

from rag.catalog import Catalog
from rag.conversations import Conversations
from rag.feedback import Feedback
from rag.library import Library
from rag.settings import Settings
from ui.answers import Answers
from ui.asking import Asking
from ui.conversation_routes import add_conversation_routes
from ui.gate import Gate
from ui.guard import Guard
from ui.intake import Intake
from ui.library_routes import add_library_routes
from ui.listen import address, check_host, check_port, check_reach, listen, names_of
from ui.openai_routes import add_openai_routes
from ui.reading_routes import add_reading_routes
from ui.routes import add_routes
from ui.runs import Runs
from ui.scope_routes import add_scope_routes
from ui.sign_in_routes import add_sign_in_routes
from ui.sign_ins import SignIns
from ui.visitors import signed_in

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

    def __init__(self, settings: Settings, sign_ins: SignIns | None) -> None:
        super().__init__(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None)
        self._settings = settings
        self.add_middleware(Gate, sign_ins=sign_ins)

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap the stack that FastAPI builds."""
        guarded = Guard(super().build_middleware_stack(), names_of(self._settings))
        return _behind(guarded, self._settings.proxies) if self._settings.proxies else guarded


def create_app(assistant: Assistant, settings: Settings) -> FastAPI:
    """Return the application: routes, page and guard; its ``state.end_streams()`` lets open pages go.

    Raises:
        SettingsError: others could reach it without signing in, or nobody could sign in.
    """
    import gradio as gr

    from ui.chat import HEAD, build_page, make_theme

    check_reach(settings)
    sign_ins = SignIns.over(assistant.library) if settings.auth else None
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = _NEVER
    app = _App(settings, sign_ins)
    answers = Answers(assistant)
    add_routes(app, assistant)
    reading = add_reading_routes(app, assistant)
    add_sign_in_routes(app, sign_ins)
    intake = add_library_routes(app, assistant)
    app.router.lifespan_context = _reading(intake)
    if importlib.util.find_spec("mcp") is not None:  # else the extra is not installed
        from ui.mcp_server import add_mcp_routes

        add_mcp_routes(app, answers)
    app.mount("/ui", StaticFiles(directory=STATIC), name="ui")
    kept = _chats_of(app, assistant.library)
    conversations = Conversations(kept)
    runs = Runs(assistant, conversations, answers)
    add_openai_routes(app, answers)
    add_scope_routes(app, assistant.library)
    add_conversation_routes(app, conversations, Feedback(kept), runs)
    gr.mount_gradio_app(
        app,
        build_page(assistant, Asking(assistant, conversations, runs)),
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
        auth_dependency=signed_in if settings.auth else None,
    )
    gradio_app: Any = next(r.app for r in app.routes if isinstance(r, Mount) and r.name != "ui")

    def end_streams() -> None:
        runs.stop_all()
        answers.stop_all()
        reading.close()
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
        with listen(settings.host, settings.port, auth=settings.auth) as listener:
            app = create_app(assistant, settings)
            config = uvicorn.Config(
                app,
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=False,  # the setting `proxies` says whose are believed
                timeout_graceful_shutdown=SHUTDOWN_S,
            )
            with _signals_that_end():
                Server(config).run(sockets=[listener])
    finally:
        assistant.close()


def _chats_of(app: FastAPI, library: Library) -> Catalog:
    """Return the catalogue that keeps the conversations: one for now, where the library may only be read."""
    if not library.read_only:
        return library.catalog
    folder = app.state.passing = tempfile.TemporaryDirectory(prefix="footnote-")
    return Catalog(Path(folder.name), create=True)


def _behind(app: ASGIApp, proxies: Sequence[str]) -> ASGIApp:
    """Return the application with the scheme and address of who called the proxies in front of it."""
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    return cast("ASGIApp", ProxyHeadersMiddleware(cast("Any", app), list(proxies)))


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
