"""The API under ``/api/v1``: an application of its own, so that all that it answers is JSON and described."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from importlib import metadata
from typing import Any

from fastapi import FastAPI, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.types import Message

from rag.errors import FootnoteError
from ui.answers import UNEXPECTED
from ui.api_ask_routes import add_ask_routes
from ui.api_conversation_routes import add_conversation_routes
from ui.api_document_routes import add_document_routes
from ui.api_events import schemas
from ui.api_models import problems
from ui.api_page import add_page
from ui.api_parts import Parts
from ui.routes import explain

MOST_BYTES = 4 * 2**20
"""Largest JSON body; files are as large as the setting `max_file_mb` says."""

_AREAS = {
    "ask": "Ask",
    "search": "Ask",
    "documents": "Documents",
    "passages": "Documents",
    "collections": "Documents",
    "jobs": "Files that were sent",
    "conversations": "Conversations",
}
"""Headings of the routes, by the first part of their paths."""

_ABOUT = (
    "Questions to your own documents, answered with a source behind every sentence. Errors are JSON objects "
    "whose `detail` says what happened and what to do."
)


def make_api(parts: Parts) -> FastAPI:
    """Return the application; the gate before it says who calls."""
    api = _Api(
        title="Footnote",
        version=metadata.version("footnote"),
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        dependencies=[Security(HTTPBearer(auto_error=False, scheme_name="key", description="an API key"))],
        responses=problems(400, 401, 422, 429, 500, 503),
    )
    for kind, handler in (
        (FootnoteError, explain),
        (RequestValidationError, _explain_values),
        (Exception, _admit),
    ):
        api.add_exception_handler(kind, handler)
    api.router.route_class = _Route
    add_ask_routes(api, parts)
    add_document_routes(api, parts)
    add_conversation_routes(api, parts)
    add_page(api)
    return api


class _Api(FastAPI):
    """A FastAPI application whose description is in order, and holds the events of an answer as well."""

    def openapi(self) -> dict[str, Any]:
        """Return the description."""
        if self.openapi_schema is None:
            described = super().openapi()
            described["components"]["schemas"] |= schemas()
            for path, operations in described["paths"].items():
                for operation in operations.values():
                    operation["tags"] = [_AREAS[path.split("/")[1]]]
                    operation |= _summed_up(operation["description"])
        return super().openapi()


class _Route(APIRoute):
    """A route whose body, if it is JSON, is not read beyond what any question needs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what handles a request."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_small(request: Request) -> Response:
            read = 0

            async def receive() -> Message:
                nonlocal read
                message = await request.receive()
                read += len(message.get("body", b""))
                if read > MOST_BYTES:
                    raise HTTPException(413, f"the body is larger than {MOST_BYTES // 2**20} MB: send less")
                return message

            return await handle(Request(request.scope, receive))

        return handle_small


def _summed_up(description: str) -> dict[str, str]:
    """Return the first sentence of a description as its summary, and what follows as the description."""
    summary, _, more = description.partition(". ")
    return {"summary": summary.removesuffix("."), "description": more}


def _explain_values(_request: Request, error: Exception) -> JSONResponse:
    """Say which value will not do, in one line; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return JSONResponse(
            {"detail": "the body is no JSON: send an object, as the API's description says"}, 400
        )
    place = ".".join(str(each) for each in first["loc"][1:]) or "the body"
    why = str(first["msg"]).removeprefix("Value error, ")
    return JSONResponse({"detail": f"{place}: {why[:1].lower()}{why[1:]}"}, 422)


def _admit(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": UNEXPECTED}, 500)
