"""Answers as server-sent events: each event's name is its type, and its data what `rag.wire` makes of it.

An error after the beginning is an event ``error`` with its words in ``detail``. While an answer waits,
comments keep the connection open and tell its place.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from rag.errors import FootnoteError
from rag.types import Answer, AnswerFinished, Event
from rag.wire import event_to_dict
from ui.answers import Waiting

Source = AsyncGenerator[Event | Waiting]


class EventStream(StreamingResponse):
    """The events of an answer, one by one. However the response ends, so does their source."""

    media_type = "text/event-stream"

    def __init__(self, source: Source) -> None:
        """Send what comes out of a source."""
        super().__init__(_sent(source), headers={"X-Accel-Buffering": "no"})
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until there are no more, or nobody reads them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._source.aclose()


async def opened(source: Source) -> Source:
    """Return a source once its first event has come, so that what is wrong with a question is raised here."""
    try:
        first = await anext(event async for event in source if not isinstance(event, Waiting))
    except BaseException:
        await source.aclose()
        raise

    async def whole() -> Source:
        async with aclosing(source):
            yield first
            async for event in source:
                yield event

    return whole()


async def finished(source: Source, gone: Callable[[], Awaitable[bool]]) -> Answer | None:
    """Return the answer that a source ends with; None where whoever asked has `gone` before."""
    async with aclosing(source):
        async for event in source:
            if isinstance(event, AnswerFinished):
                return event.answer
            if await gone():
                break
    return None


async def _sent(source: Source) -> AsyncIterator[str]:
    try:
        async for event in source:
            if isinstance(event, Waiting):
                yield f": waiting for {event.place}\n\n" if event.place else ": working\n\n"
            else:
                told = event_to_dict(event)
                yield _event(told["type"], told)
    except FootnoteError as error:
        yield _event("error", {"type": "error", "detail": str(error)})


def _event(name: str, data: dict[str, Any]) -> str:
    words = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return f"event: {name}\ndata: {words}\n\n"
