"""Routes of the API on conversations, which are those of the page: begin, ask within, read, delete."""

from __future__ import annotations

import secrets
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from rag.errors import FootnoteError
from rag.people.collections import Collections
from rag.people.conversation import Scope, StoredTurn
from rag.types import Event
from ui.answers import TICK_S, Waiting
from ui.api_ask_routes import NOBODY_LISTENS, wants_events
from ui.api_bodies import ConversationBody, ConversationsBody, TurnBody, WholeConversationBody
from ui.api_events import EVENTS
from ui.api_models import AskWithin, Begin, problems
from ui.api_parts import Parts
from ui.asked import Asked
from ui.event_stream import EventStream
from ui.runs import Followed
from ui.threads import from_thread
from ui.turn import Turn, news
from ui.visitors import visitor

STOPPED = "the answer was stopped"
_Id = Annotated[str, InPath(pattern=r"^[0-9a-f]{32}$")]


def add_conversation_routes(api: FastAPI, parts: Parts) -> None:
    """Add the routes to the API."""
    conversations = parts.conversations
    collections = Collections(parts.assistant.library.catalog)

    @api.get("/conversations", response_model=ConversationsBody)
    def known(
        request: Request, q: Annotated[str, Query(max_length=200, description="words that it holds")] = ""
    ) -> Response:
        """List conversations, the latest 200 first."""
        found = conversations.latest(visitor(request), q)
        return JSONResponse({"conversations": [each.to_dict() for each in found]})

    @api.post(
        "/conversations", status_code=201, response_model=ConversationBody, responses=problems(403, 404, 413)
    )
    def begin(request: Request, wanted: Begin) -> Response:
        """Begin a conversation, in which nothing is asked yet."""
        user = visitor(request)
        chosen = collections.find(wanted.collection, user).id if wanted.collection else ""
        scope = Scope(chosen, wanted.documents)
        made = conversations.create(secrets.token_hex(16), user, scope, wanted.title)
        return JSONResponse(made.to_dict(), 201, {"Location": f"/api/v1/conversations/{made.id}"})

    @api.get(
        "/conversations/{conversation_id}", response_model=WholeConversationBody, responses=problems(404)
    )
    def one(request: Request, conversation_id: _Id) -> Response:
        """Return a conversation with all its turns."""
        user = visitor(request)
        facts = conversations.get(conversation_id, user).to_dict()
        turns = [_turn(each) for each in conversations.turns(conversation_id, user)]
        return JSONResponse({"conversation": facts, "turns": turns})

    @api.delete("/conversations/{conversation_id}", status_code=204, responses=problems(403, 404))
    def remove(request: Request, conversation_id: _Id) -> Response:
        """Delete a conversation, and stop what is being answered in it."""
        conversations.remove(conversation_id, visitor(request))
        parts.runs.stop(conversation_id)
        return Response(status_code=204)

    _add_ask_route(api, parts)


def _add_ask_route(api: FastAPI, parts: Parts) -> None:
    conversations = parts.conversations

    @api.post(
        "/conversations/{conversation_id}/ask",
        response_model=TurnBody,
        responses=EVENTS | problems(403, 404, 409, 413),
    )
    async def ask(request: Request, conversation_id: _Id, asked: AskWithin) -> Response:
        """Ask within a conversation. As on the page, the answer is kept whether or not the client stays."""
        user = visitor(request)

        def begun() -> Followed:
            scope = conversations.get(conversation_id, user).scope
            context = Asked(conversation=conversation_id, **asdict(scope))
            return parts.asking.begin(user, context, asked.question, join=False)[0]

        run = await run_in_threadpool(begun)
        events = _followed(run)
        if wants_events(request, asked.stream):
            return EventStream(events)
        if not await _ended(events, request):
            return Response(status_code=NOBODY_LISTENS)
        turns = await run_in_threadpool(conversations.turns, conversation_id, user)
        return JSONResponse(next(_turn(each) for each in turns if each.id == run.turn.id))


async def _ended(events: AsyncGenerator[Event | Waiting], request: Request) -> bool:
    """Wait for the end of an answer; return False where whoever asked has gone before."""
    async with aclosing(events):
        try:
            async for _ in events:
                if await request.is_disconnected():
                    return False
        except _Stopped:  # the turn says so
            pass
    return True


class _Stopped(FootnoteError):
    """Somebody ended the answer."""


async def _followed(run: Followed) -> AsyncGenerator[Event | Waiting]:
    """Yield the events of an answer that goes on whether or not this is closed."""
    left = threading.Event()

    def events() -> Generator[Event | Waiting]:
        before = Turn(run.turn.question)
        for turn, _ in run.follow():
            if left.is_set():
                return
            told: list[Event | Waiting] = [*news(before, turn)]
            yield from told or [Waiting(turn.place)]
            before = turn
        if run.failure is not None:
            raise run.failure
        if before.error is not None:
            raise FootnoteError(before.error)
        if before.stopped:
            raise _Stopped(STOPPED)

    async with aclosing(from_thread(events, left, 2 * TICK_S)) as made:
        async for event in made:
            yield event if event is not None else Waiting(run.turn.place)


def _turn(turn: StoredTurn) -> dict[str, Any]:
    answer = turn.answer.to_dict() if turn.answer is not None else None
    return asdict(turn) | {"answer": answer}
