"""The chat's application: our routes, the page mounted at ``/``, and a guard before both."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount
from starlette.types import ASGIApp

from rag.catalog import Catalog
from rag.extras import require
from rag.library import Library
from rag.people.api_keys import ApiKeys
from rag.people.conversations import Conversations
from rag.people.feedback import Feedback
from rag.people.limits import Limits
from rag.people.presence import Presence
from rag.people.under_way import UnderWay
from rag.settings import Settings
from ui.answers import Answers
from ui.api import make_api
from ui.api_parts import Parts
from ui.asking import Asking
from ui.bearers import Bearers
from ui.conversation_routes import add_conversation_routes
from ui.gate import Gate
from ui.guard import Guard
from ui.http_figures import HttpFigures
from ui.intake import Intake
from ui.library_routes import add_library_routes
from ui.listen import check_reach, names_of
from ui.local_door import LocalDoor
from ui.local_work import LocalWork
from ui.monitor_routes import add_monitor_routes
from ui.observer import Observer
from ui.openai_routes import add_openai_routes
from ui.readiness import Readiness
from ui.reading_routes import add_reading_routes
from ui.routes import add_routes
from ui.runs import Runs
from ui.scope_routes import add_scope_routes
from ui.shared_runs import SharedRuns
from ui.sign_in_routes import add_sign_in_routes
from ui.sign_ins import SignIns
from ui.visitors import signed_in

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from ui.metrics import Metrics

STATIC = Path(__file__).parent / "static"

_NEVER = str(10**9)
"""Events between two statistics of Gradio's queue, which it otherwise makes with pandas after every event."""


class _App(FastAPI):
    """A FastAPI application with the guard outside of everything, error pages included."""

    def __init__(self, settings: Settings, metrics: Metrics | None) -> None:
        super().__init__(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None)
        self._settings = settings
        self._metrics = metrics
        self.local: LocalDoor | None = None

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap the stack that FastAPI builds."""
        stack = super().build_middleware_stack()
        if self.local is not None:
            stack = self.local.around(stack)
        guarded: ASGIApp = Guard(stack, names_of(self._settings))
        if self._metrics is not None:
            guarded = HttpFigures(guarded, self._metrics)
        return _behind(guarded, self._settings.proxies) if self._settings.proxies else guarded


def create_app(assistant: Assistant, settings: Settings, readiness: Readiness | None = None) -> FastAPI:
    """Return the application: routes, page and guard; its ``state.end_streams()`` lets open pages go.

    Args:
        assistant: who answers.
        settings: who may reach it, and what it tells of itself.
        readiness: whether it is ready; ready at once when None.

    Raises:
        SettingsError: others could reach it without signing in, or nobody could sign in.
    """
    import gradio as gr

    from ui.chat import HEAD, build_page, make_theme

    check_reach(settings)
    sign_ins = SignIns.over(assistant.library) if settings.auth else None
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = _NEVER
    metrics = _metrics(settings)
    app = _App(settings, metrics)
    kept = _kept_of(app, assistant.library)
    bearers = Bearers(ApiKeys(assistant.library.catalog), Limits(kept), needed=settings.auth)
    app.add_middleware(Gate, sign_ins=sign_ins, bearers=bearers)
    observer = metrics or Observer()
    answers = Answers(assistant, observer)
    readiness = readiness or Readiness()
    add_routes(app, assistant)
    add_monitor_routes(app, answers, readiness, metrics)
    if metrics is not None:
        metrics.watch(answers, readiness)
    reading = add_reading_routes(app, assistant)
    add_sign_in_routes(app, sign_ins)
    presence = _presence_on(assistant.library)
    intake = add_library_routes(app, assistant, observer, presence)
    app.mount("/ui", StaticFiles(directory=STATIC), name="ui")
    conversations = Conversations(kept)
    runs = _runs_of(answers, conversations, presence)
    local = app.local = app.state.local = LocalDoor(LocalWork(answers, intake).works, settings)
    add_scope_routes(app, assistant.library)
    add_conversation_routes(app, conversations, Feedback(kept), runs)
    asking = Asking(assistant, conversations, runs)
    app.router.lifespan_context = _writing(intake, local, presence, lambda: runs.recover(asking.within))
    _add_doors(app, Parts(assistant, answers, asking, conversations, runs, intake))
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


def _metrics(settings: Settings) -> Metrics | None:
    """Return what counts, where the settings want it.

    Raises:
        MissingExtra: its package is not installed.
    """
    if not settings.metrics:
        return None
    require("server", "the setting 'metrics'", "prometheus_client")
    from ui.metrics import Metrics

    return Metrics()


def _add_doors(app: FastAPI, parts: Parts) -> None:
    """Add the ways in for programs: the API, OpenAI's clients, and tools of assistants (MCP)."""
    app.mount("/api/v1", make_api(parts), name="api")
    add_openai_routes(app, parts.answers)
    if importlib.util.find_spec("mcp") is not None:  # else the extra is not installed
        from ui.mcp_server import add_mcp_routes

        add_mcp_routes(app, parts.answers)


def _presence_on(library: Library) -> Presence | None:
    """Return this process among those that serve the library; None where there are no others."""
    return Presence(library.catalog) if library.catalog.shared and not library.read_only else None


def _runs_of(answers: Answers, conversations: Conversations, presence: Presence | None) -> Runs:
    """Return what answers questions, for this process alone or beside others."""
    if presence is None:
        return Runs(answers, conversations)
    return SharedRuns(answers, conversations, UnderWay(answers.assistant.library.catalog, presence.name))


def _writing(
    intake: Intake, local: LocalDoor, presence: Presence | None, recover: Callable[[], None]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return what lets the library be written to for as long as the application runs, and no longer."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if presence is not None:
            await run_in_threadpool(presence.start, intake.recover, recover)
        await run_in_threadpool(intake.start)
        try:
            yield
        finally:
            local.halt()
            await run_in_threadpool(intake.stop)
            await run_in_threadpool(local.join)
            if presence is not None:
                await run_in_threadpool(presence.stop)

    return lifespan


def _kept_of(app: FastAPI, library: Library) -> Catalog:
    """Return the catalogue that keeps what people do: one for now, where the library may only be read."""
    if not library.read_only:
        return library.catalog
    folder = app.state.passing = tempfile.TemporaryDirectory(prefix="footnote-")
    return Catalog(Path(folder.name), create=True)


def _behind(app: ASGIApp, proxies: Sequence[str]) -> ASGIApp:
    """Return the application with the scheme and address of who called the proxies in front of it."""
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    return cast("ASGIApp", ProxyHeadersMiddleware(cast("Any", app), list(proxies)))
