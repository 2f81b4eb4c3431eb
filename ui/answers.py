"""Answers for every door of a server: the local model writes one after the other, whoever asks."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from rag.errors import FootnoteError, ModelUnavailable
from rag.types import Answer, AnswerFinished, Event, EvidenceFound, Turn
from ui.turnstile import Turnstile

if TYPE_CHECKING:
    from rag.assistant import Assistant

AT_LOCAL_MODEL, AT_SERVED_MODEL = 1, 20
"""Answers written at a time: the local model has one slot, a server has a queue of its own."""

PULSE_S = 15.0
"""Seconds without news after which who asked is told so: nothing that lies between may think it dead."""

_LOG = logging.getLogger(__name__)


class Stopped(Exception):
    """Footnote ends, or the question was called off, before its answer was complete."""


class Answers:
    """Asks an assistant on behalf of many. Safe for threads."""

    def __init__(self, assistant: Assistant) -> None:
        """Ask this assistant; all who ask it share one object, and with it one queue before its model."""
        self.assistant = assistant
        local = assistant.settings.llm.startswith("local")
        self._turnstile = Turnstile(AT_LOCAL_MODEL if local else AT_SERVED_MODEL)
        self._calls: set[_Call] = set()

    def events(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        within: frozenset[str] | None = None,
        wanted: Callable[[], bool],
        on_place: Callable[[int], None],
    ) -> Iterator[Event]:
        """Yield the events of an answer; the evidence at once, the rest when it is this answer's turn.

        Args:
            question: what is asked.
            history: the turns before it, oldest first.
            within: ids of the documents that are searched; all when None.
            wanted: asked while it waits in line; once it is False, nothing more comes.
            on_place: called with the number of answers that are written before this one, as it changes.

        Raises:
            QuestionError, LibraryError, ModelError: as `Assistant.stream` does.
        """
        try:
            events = self.assistant.stream(question, history=history, within=within)
            for event in events:
                yield event
                if isinstance(event, EvidenceFound) and event.quotes and self.assistant.model != "none":
                    break
            else:
                return
            with self._turnstile.passed(wanted, on_place) as may:
                if may:
                    yield from events
        except ModelUnavailable:
            if self.assistant.chat_model is not None:
                self.assistant.chat_model.start()  # so that it is back for the next question
            raise

    @asynccontextmanager
    async def asked(
        self, question: str, *, history: Sequence[Turn] = (), within: frozenset[str] | None = None
    ) -> AsyncIterator[AsyncIterator[Event | None]]:
        """Ask in a thread, and yield the events; who leaves the block early calls the question off.

        None stands for `PULSE_S` seconds in which nothing came, as while it waits in line. Whoever reads
        slowly holds nobody else up: what the model writes is taken from it as it comes.

        Raises:
            QuestionError, LibraryError, ModelError: as `events` does, where they are read.
            Stopped: the answers were stopped, where they are read.
        """
        call = _Call(asyncio.get_running_loop())
        self._calls.add(call)
        threading.Thread(
            target=self._pump, args=(call, question, history, within), name="answer", daemon=True
        ).start()
        try:
            async with aclosing(call.events()) as events:
                yield events
        finally:
            call.stop()

    async def answer(
        self, question: str, *, history: Sequence[Turn] = (), within: frozenset[str] | None = None
    ) -> Answer:
        """Return the whole answer; a task that is cancelled meanwhile calls the question off.

        Raises:
            QuestionError, LibraryError, ModelError, Stopped: as `asked` does.
        """
        async with self.asked(question, history=history, within=within) as events:
            async for event in events:
                if isinstance(event, AnswerFinished):
                    return event.answer
        raise Stopped

    def stop_all(self) -> None:
        """Call off every question that was asked by `asked` or `answer`."""
        for call in list(self._calls):
            call.stop()

    def _pump(
        self, call: _Call, question: str, history: Sequence[Turn], within: frozenset[str] | None
    ) -> None:
        try:
            events = self.events(
                question, history=history, within=within, wanted=call.wanted, on_place=lambda _: None
            )
            for event in events:
                if not call.wanted():
                    break
                call.tell(event)
        except FootnoteError as error:
            call.tell(error)
        except Exception as error:  # the border of a request: whoever asked must be told something
            _LOG.exception("a question failed")
            call.tell(error)
        finally:
            call.stop()
            self._calls.discard(call)


class _Call:
    """What passes from the thread that answers to the task that asked."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._told: asyncio.Queue[Event | Exception] = asyncio.Queue()
        self._stopped = threading.Event()

    def wanted(self) -> bool:
        return not self._stopped.is_set()

    def tell(self, news: Event | Exception) -> None:
        with suppress(RuntimeError):  # the loop is closed, and nobody listens any more
            self._loop.call_soon_threadsafe(self._told.put_nowait, news)

    def stop(self) -> None:
        if not self._stopped.is_set():
            self._stopped.set()
            self.tell(Stopped())

    async def events(self) -> AsyncGenerator[Event | None]:
        """Yield the events until the answer is finished, and None now and then while there is no news."""
        while True:
            try:
                news = await asyncio.wait_for(self._told.get(), PULSE_S)
            except TimeoutError:
                yield None
                continue
            if isinstance(news, Exception):
                raise news
            yield news
            if isinstance(news, AnswerFinished):
                return
