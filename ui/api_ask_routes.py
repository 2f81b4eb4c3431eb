"""Routes of the API that ask: one question and its answer, and a search without one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from rag.errors import DocumentNotFound, UsageError
from rag.people.collections import Collections
from rag.people.conversation import Scope
from ui.api_bodies import AnswerBody, SearchBody
from ui.api_events import EVENTS
from ui.api_models import COLLECTION, NOT_BOTH, Ask, Identity, Named, Words, problems
from ui.api_parts import Parts
from ui.event_stream import EventStream, finished, opened
from ui.visitors import documents_for, visitor

NOBODY_LISTENS = 499
"""Status of an answer that was ended because whoever asked has gone."""

MOST_FOUND = 50


def wants_events(request: Request, stream: bool) -> bool:
    """Return whether an answer is to come in pieces."""
    return stream or "text/event-stream" in request.headers.get("accept", "")


def add_ask_routes(api: FastAPI, parts: Parts) -> None:
    """Add the routes to the API."""
    assistant = parts.assistant
    collections = Collections(assistant.library.catalog)

    def within(user: str, documents: Sequence[str], collection: str) -> frozenset[str] | None:
        """Return the ids of what is searched, each of them there for this user."""
        if documents and collection:
            raise UsageError(NOT_BOTH)
        if documents:
            seen = {document.id for document in documents_for(assistant.library, user)}
            for unknown in [each for each in documents if each not in seen]:
                raise DocumentNotFound(f"no document '{unknown}' in the library: it may have been removed")
        chosen = collections.find(collection, user).id if collection else ""
        return parts.asking.within(user, Scope(chosen, tuple(documents)))

    @api.post("/ask", response_model=AnswerBody, responses=EVENTS | problems(404, 413))
    async def ask(request: Request, asked: Ask) -> Response:
        """Answer a question; a client that leaves ends it."""
        user = visitor(request)
        scope = await run_in_threadpool(within, user, asked.documents, asked.collection or "")
        history = [each.turn for each in asked.history]
        events = parts.answers.stream(asked.question, history=history, within=scope)
        if wants_events(request, asked.stream):
            return EventStream(await opened(events))
        answer = await finished(events, request.is_disconnected)
        return Response(status_code=NOBODY_LISTENS) if answer is None else JSONResponse(answer.to_dict())

    @api.get("/search", response_model=SearchBody, responses=problems(404))
    def search(
        request: Request,
        q: Annotated[Words, Query(description="what is looked for", examples=["flights"])],
        k: Annotated[int, Query(ge=1, le=MOST_FOUND, description="most passages")] = 10,
        collection: Annotated[Named | None, Query(description=COLLECTION)] = None,
        document: Annotated[list[Identity] | None, Query(max_length=100)] = None,
    ) -> Response:
        """Find passages, best first, without any answer being written."""
        scope = within(visitor(request), document or (), collection or "")
        found = assistant.search(q, k, within=scope)
        return JSONResponse({"passages": [passage.to_dict() for passage in found]})
