"""What monitors ask: whether the chat is ready for requests, and its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from ui.local_door import came_through_a_proxy

if TYPE_CHECKING:
    from ui.answers import Answers
    from ui.metrics import Metrics
    from ui.readiness import Readiness


def add_monitor_routes(app: FastAPI, answers: Answers, readiness: Readiness, metrics: Metrics | None) -> None:
    """Add the routes to the application; without `metrics`, there is nothing at ``/metrics``."""

    @app.get("/ready")
    async def ready() -> JSONResponse:
        is_ready, told = await readiness.told(answers)
        return JSONResponse(told, 200 if is_ready else 503)

    @app.get("/metrics")
    def figures(request: Request) -> Response:
        if metrics is None or came_through_a_proxy(request):
            return JSONResponse({"detail": "Not Found"}, 404)
        return Response(metrics.page(), media_type=metrics.media_type)
