"""The doors of an assistant to programs with an event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Generator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Self, cast

from rag.types import Answer, AnswerFinished, Event, Turn

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from rag.assistant import Assistant


class AsyncDoors:
    """What an `Assistant` does without blocking an event loop."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await cast("Assistant", self).aclose()

    async def aask(
        self, question: str, *, history: Sequence[Turn] = (), within: Collection[str] | None = None
    ) -> Answer:
        """Return what `ask` does, without blocking the event loop; cancelling it stops the model."""
        assistant = cast("Assistant", self)

        def events() -> Generator[Event, None, None]:
            with assistant.line:
                yield from assistant.stream(question, history=history, within=within)

        async with aclosing(assistant.aside.each(events())) as made:
            return await anext(event.answer async for event in made if isinstance(event, AnswerFinished))

    async def astream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        within: Collection[str] | None = None,
        config: RunnableConfig | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Yield what `stream` does, without blocking the event loop; cancelling it stops the model."""
        assistant = cast("Assistant", self)
        events = assistant.stream(question, history=history, within=within, config=config)
        async with aclosing(assistant.aside.each(events)) as made:
            async for event in made:
                yield event
