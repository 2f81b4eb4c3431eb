"""Answers that nobody keeps: each in a thread of its own, past the same turnstile as the page's."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from rag.errors import FootnoteError, ModelUnavailable
from rag.types import AnswerFinished, Event, EvidenceFound
from rag.types import Turn as Said
from ui.runs import TICK_S, UNEXPECTED
from ui.threads import from_thread
from ui.turnstile import Turnstile

if TYPE_CHECKING:
    from rag.assistant import Assistant

MOST = 100
"""Answers at a time, those that wait for the model included; who comes then is asked to come again."""

ENDING = "Footnote ends before the answer was complete: ask again once it runs"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing new for a second; `place` is the number of answers that the model writes before this one."""

    place: int = 0


class Answers:
    """Answers questions for as long as somebody listens."""

    def __init__(self, assistant: Assistant, turnstile: Turnstile) -> None:
        """Ask this assistant, and wait for its model with everybody who passes the turnstile."""
        self._assistant = assistant
        self._turnstile = turnstile
        self._running: set[threading.Event] = set()
        self._ending = threading.Event()

    async def stream(
        self, question: str, history: Sequence[Said] = (), within: frozenset[str] | None = None
    ) -> AsyncGenerator[Event | Waiting]:
        """Yield the events of an answer as they come, and how it waits; closing this ends the answer.

        Args:
            question: what is asked.
            history: the turns before it, oldest first.
            within: ids of the documents that are searched; all when None.

        Raises:
            HTTPException: too many answers are being made.
            FootnoteError: as `Assistant.stream` does, or with the words for something unexpected.
        """
        if len(self._running) >= MOST:
            raise HTTPException(
                503, "many questions are being answered: ask again in a moment", {"Retry-After": "5"}
            )
        left, waiting = threading.Event(), Waiting()

        def place(number: int) -> None:
            nonlocal waiting
            waiting = Waiting(number)

        def made() -> Generator[Event]:
            self._running.add(left)
            try:
                yield from self._made(question, history, within, left, place)
            finally:
                self._running.discard(left)

        async with aclosing(from_thread(made, left, TICK_S)) as events:
            async for event in events:
                yield waiting if event is None else event

    def stop_all(self) -> None:
        """End all answers, and begin no other."""
        self._ending.set()

    def _made(
        self,
        question: str,
        history: Sequence[Said],
        within: frozenset[str] | None,
        left: threading.Event,
        on_place: Callable[[int], None],
    ) -> Generator[Event]:
        def wanted() -> bool:
            return not left.is_set() and not self._ending.is_set()

        writes = self._assistant.model != "none"
        try:
            events = self._assistant.stream(question, history=history, within=within)
            with closing(in_turn(events, self._turnstile, wanted, on_place, writes=writes)) as queued:
                for event in queued:
                    yield event
                    if isinstance(event, AnswerFinished):
                        return
                    if not wanted():
                        break
            raise ModelUnavailable(ENDING)
        except FootnoteError as error:
            if isinstance(error, ModelUnavailable) and self._assistant.chat_model is not None and wanted():
                self._assistant.chat_model.start()  # so that it is back for the next question
            raise
        except Exception as error:  # the border of a request: whoever asked must be told something
            _LOG.exception("a question failed")
            raise FootnoteError(UNEXPECTED) from error


def in_turn(
    events: Iterator[Event],
    turnstile: Turnstile,
    wanted: Callable[[], bool],
    on_place: Callable[[int], None],
    *,
    writes: bool,
) -> Generator[Event]:
    """Yield the events of an answer; where a model `writes` it, only once it is its turn.

    Args:
        events: those of `Assistant.stream`.
        turnstile: stands before the model.
        wanted: asked while waiting; once it is False, nothing more comes.
        on_place: called with the number of answers before this one whenever it changes.
        writes: whether there is a model.
    """
    for event in events:
        yield event
        if writes and isinstance(event, EvidenceFound) and event.quotes:
            with turnstile.passed(wanted, on_place) as may:
                if may:
                    yield from events
            return
