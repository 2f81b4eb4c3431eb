"""The door for clients of OpenAI's chat completions: ``/v1/chat/completions`` and ``/v1/models``.

Who calls is known from the scope, as everywhere; the key that a client has to send says nothing where nobody
signs in.
"""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi import Request as HttpRequest
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from rag.errors import CollectionNotFound
from rag.library import Library
from rag.people.collections import Collections
from ui.answers import Answers
from ui.event_stream import finished, opened
from ui.openai_errors import Refused, Route
from ui.openai_form import MODEL, Form, asked_of, model_form
from ui.openai_request import Request
from ui.openai_stream import lines
from ui.scopes import searched
from ui.visitors import visitor


def add_openai_routes(app: FastAPI, answers: Answers) -> None:
    """Add the routes to the application."""
    router = APIRouter(prefix="/v1", route_class=Route, tags=["OpenAI"])
    library = answers.assistant.library
    began = int(time.time())

    def models(request: HttpRequest) -> list[dict[str, Any]]:
        every = [model_form(MODEL, began)]
        for each in Collections(library.catalog).of(visitor(request)):
            made = datetime.fromisoformat(each.made_at)
            every.append(model_form(f"{MODEL}:{each.name}", int(made.timestamp())))
        return every

    @router.get("/models")
    def list_models(request: HttpRequest) -> dict[str, Any]:
        """List `footnote`, which asks all documents, and a `footnote:NAME` for each collection."""
        return {"object": "list", "data": models(request)}

    @router.get("/models/{name:path}")
    def one_model(request: HttpRequest, name: str) -> dict[str, Any]:
        """Return one of the models."""
        found = next((each for each in models(request) if each["id"] == name), None)
        if found is None:
            raise _no_model(name)
        return found

    @router.post("/chat/completions")
    async def completions(request: HttpRequest, asked_for: Request) -> Response:
        """Answer the last message from the documents, each sentence with its sources as annotations.

        Documents are asked, not a model: system messages are passed over, and so are temperature, max_tokens,
        tools and the like. What would change the meaning of the reply is refused: n > 1, a response_format
        that is not text, a tool_choice that forces a call. Tokens are not counted: the usage is zeros. The
        whole answer, as every other door gives it, stands in `footnote`.
        """
        asked = asked_of(asked_for)
        within = await run_in_threadpool(_within, library, visitor(request), asked_for.model)
        name = f"chatcmpl-{secrets.token_hex(12)}"
        form = Form(name, int(time.time()), asked_for.model, str(request.base_url))
        events = answers.stream(asked.question, history=asked.history, within=within)
        if asked_for.stream:
            options = asked_for.stream_options
            usage = options is not None and bool(options.include_usage)
            stream = lines(await opened(events), form, usage=usage)
            return StreamingResponse(stream, media_type="text/event-stream")
        answer = await finished(events, request.is_disconnected)
        return JSONResponse(form.completion(answer)) if answer is not None else Response()

    @router.api_route("/{path:path}", methods=["GET", "POST", "DELETE"], include_in_schema=False)
    def nothing(request: HttpRequest, path: str) -> None:
        raise Refused(
            404,
            f"there is no {request.method} /v1/{path[:80]} here: "
            "GET /v1/models and POST /v1/chat/completions are what Footnote answers",
            "not_found",
        )

    app.include_router(router)


def _within(library: Library, user: str, model: str) -> frozenset[str] | None:
    """Return the ids of the documents that a model asks; None for all.

    Raises:
        Refused: there is no such model.
    """
    name, colon, collection = model.partition(":")
    if name != MODEL or (colon and not collection.strip()):
        raise _no_model(model)
    try:
        return searched(library, user, collection)
    except CollectionNotFound:
        raise _no_model(model) from None


def _no_model(name: str) -> Refused:
    return Refused(
        404,
        f"there is no model '{name[:80]}' here: '{MODEL}' asks all documents and '{MODEL}:NAME' those of a "
        "collection; GET /v1/models lists them",
        "model_not_found",
        "model",
    )
