"""The chat's server: our routes, the page mounted at ``/``, and a guard before both."""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount
from starlette.types import ASGIApp

from rag.api_keys import ApiKeys
from rag.catalog import Catalog
from rag.conversations import Conversations
from rag.feedback import Feedback
from rag.library import Library
from rag.settings import Settings
from ui.answers import Answers
from ui.api import make_api
from ui.api_parts import Parts
from ui.asking import Asking
from ui.bearers import Bearers
from ui.conversation_routes import add_conversation_routes
from ui.gate import Gate
from ui.guard import Guard
from ui.intake import Intake
from ui.library_routes import add_library_routes
from ui.listen import address, check_host, check_port, check_reach, listen, names_of, own_address
from ui.local_door import LocalDoor
from ui.local_file import published
from ui.local_work import LocalWork
from ui.lockout import Lockout
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

    def __init__(self, settings: Settings, sign_ins: SignIns | None, bearers: Bearers) -> None:
        super().__init__(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None)
        self._settings = settings
        self.local: LocalDoor | None = None
        self.add_middleware(Gate, sign_ins=sign_ins, bearers=bearers)

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap the stack that FastAPI builds."""
        stack = super().build_middleware_stack()
        if self.local is not None:
            stack = self.local.around(stack)
        guarded = Guard(stack, names_of(self._settings))
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
    lockout = sign_ins.lockout if sign_ins is not None else Lockout()
    app = _App(settings, sign_ins, Bearers(ApiKeys(assistant.library.catalog), lockout, needed=settings.auth))
    add_routes(app, assistant)
    reading = add_reading_routes(app, assistant)
    add_sign_in_routes(app, sign_ins)
    intake = add_library_routes(app, assistant)
    app.mount("/ui", StaticFiles(directory=STATIC), name="ui")
    kept = _chats_of(app, assistant.library)
    conversations = Conversations(kept)
    runs = Runs(assistant, conversations)
    works = LocalWork(assistant, intake, runs.turnstile).works
    local = app.local = app.state.local = LocalDoor(works, settings)
    app.router.lifespan_context = _writing(intake, local)
    add_scope_routes(app, assistant.library)
    add_conversation_routes(app, conversations, Feedback(kept), runs)
    asking, answers = Asking(assistant, conversations, runs), Answers(assistant, runs.turnstile)
    api = make_api(Parts(assistant, answers, asking, conversations, runs, intake))
    app.mount("/api/v1", api, name="api")
    gr.mount_gradio_app(
        app,
        build_page(assistant, asking),
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
    gradio_app: Any = next(r.app for r in app.routes if isinstance(r, Mount) and not r.path)

    def end_streams() -> None:
        runs.stop_all()
        answers.stop_all()
        reading.close()
        intake.halt()
        local.halt()
        gradio_app.stop_event.set()

    app.state.end_streams = end_streams
    return app


def _writing(intake: Intake, local: LocalDoor) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return what lets the library be written to for as long as the application runs, and no longer."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(intake.start)
        try:
            yield
        finally:
            local.halt()
            await run_in_threadpool(intake.stop)
            await run_in_threadpool(local.join)

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
            _tell_commands(told, assistant.library, own_address(listeners[-1]), app.state.local)
            on_ready(address(listeners[0]))

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            told.close()
            app.state.end_streams()
            await super().shutdown(sockets)

    try:
        with _listening(settings) as listeners, ExitStack() as told:
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
