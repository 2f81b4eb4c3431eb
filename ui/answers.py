"""Answers for every door of a server: all wait in one line before the model, whoever asks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.errors import FootnoteError, ModelPaused, ModelUnavailable
from rag.types import AnswerFinished, Event, EvidenceFound, Turn
from ui.observer import Asked, Observer
from ui.threads import from_thread
from ui.turnstile import Turnstile

if TYPE_CHECKING:
    from rag.assistant import Assistant

MOST = 100
"""Answers at a time that nobody keeps, those that wait for the model included."""

PATIENCE_S = 60.0
"""Seconds that a question waits, from its beginning, for a model's server that is left alone."""

TICK_S = 1.0
"""Seconds after which whoever waits is told so though nothing has come."""

CROWDED = "many questions are being answered: ask again in a moment"
ENDING = "Footnote ends before the answer was complete: ask again once it runs"
UNEXPECTED = "something went wrong inside Footnote, and its log says what: ask again, or start it again"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing new for a second; `place` is the number of answers that the model writes before this one."""

    place: int = 0


ModelState = Literal["none", "unasked", "answers", "unavailable", "paused"]
"""Of the model that writes: there is none, or what came of the last question that it was asked; it is paused
while its server is left alone."""


class Answers:
    """Asks an assistant on behalf of many, who share one object of this. Safe for threads."""

    def __init__(self, assistant: Assistant, observer: Observer | None = None) -> None:
        """Ask this assistant, and tell `observer` of each question."""
        self.assistant = assistant
        self.observer = observer or Observer()
        self.model_state: ModelState = "none" if assistant.model == "none" else "unasked"
        self.turnstile = Turnstile(assistant.settings.answers_at_once)
        self._running: set[threading.Event] = set()
        self._ending = threading.Event()

    def events(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        within: frozenset[str] | None = None,
        wanted: Callable[[], bool],
        on_place: Callable[[int], None],
    ) -> Generator[Event]:
        """Yield the events of an answer: the evidence at once, the rest when it is this answer's turn.

        Args:
            question: what is asked.
            history: the turns before it, oldest first.
            within: ids of the documents that are searched; all when None.
            wanted: asked while it waits in line; once it is False, nothing more comes.
            on_place: called with the number of answers that are written before this one, as it changes.

        Raises:
            QuestionError, LibraryError, ModelError: as `Assistant.stream` does.
        """
        asked = Asked(self.observer)
        return asked.follow(self._events(asked, question, history, within, wanted, on_place))

    def _events(
        self,
        asked: Asked,
        question: str,
        history: Sequence[Turn],
        within: frozenset[str] | None,
        wanted: Callable[[], bool],
        on_place: Callable[[int], None],
    ) -> Generator[Event]:
        writes, admitted = self.assistant.model != "none", False
        try:
            with closing(self.assistant.stream(question, history=history, within=within)) as events:
                for event in events:
                    yield event
                    if writes and isinstance(event, EvidenceFound) and event.quotes:
                        break
                else:
                    return
                with self.turnstile.passed(wanted, on_place) as may:
                    if may:
                        admitted = True
                        asked.admitted()
                        for event in events:
                            self.model_state = "answers"
                            yield event
        except ModelUnavailable as error:
            if admitted:
                self.model_state = "paused" if isinstance(error, ModelPaused) else "unavailable"
            if self.assistant.chat_model is not None and wanted():
                self.assistant.chat_model.start()  # so that it is back for the next question
            raise

    def patient_events(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        within: frozenset[str] | None = None,
        wanted: Callable[[], bool],
        on_place: Callable[[int], None],
        on_pause: Callable[[bool], None],
    ) -> Generator[Event]:
        """Yield as `events` does; where a model's server says when to come again, or rests, wait and go on.

        Args:
            question: as for `events`.
            history: as for `events`.
            within: as for `events`.
            wanted: as for `events`.
            on_place: as for `events`.
            on_pause: called with True when it begins to wait for the server, with False when it goes on.

        Raises:
            QuestionError, LibraryError, ModelError: as `events` does. `ModelPaused` only once something was
                written, or where `PATIENCE_S` would be over.
        """
        asked = Asked(self.observer)
        return asked.follow(self._patient(asked, question, history, within, wanted, on_place, on_pause))

    def _patient(
        self,
        asked: Asked,
        question: str,
        history: Sequence[Turn],
        within: frozenset[str] | None,
        wanted: Callable[[], bool],
        on_place: Callable[[int], None],
        on_pause: Callable[[bool], None],
    ) -> Generator[Event]:
        until = time.monotonic() + PATIENCE_S
        found = written = False
        while True:
            try:
                for event in self._events(asked, question, history, within, wanted, on_place):
                    if isinstance(event, EvidenceFound):
                        if found:
                            continue
                        found = True
                    else:
                        written = True
                    yield event
                return
            except ModelUnavailable as away:
                if written or away.again_s is None or time.monotonic() + away.again_s > until:
                    raise
                again = time.monotonic() + away.again_s
            on_pause(True)
            while wanted() and (left := again - time.monotonic()) > 0:
                time.sleep(min(left, TICK_S))
            on_pause(False)

    async def stream(
        self, question: str, *, history: Sequence[Turn] = (), within: frozenset[str] | None = None
    ) -> AsyncGenerator[Event | Waiting]:
        """Yield the events of an answer as they come, and how it waits; closing this ends the answer.

        Whoever reads slowly holds nobody else up: what the model writes is taken from it as it comes.

        Raises:
            ModelUnavailable: too many answers are being made, or Footnote ends.
            FootnoteError: as `events` does, or with the words for something unexpected.
        """
        if len(self._running) >= MOST:
            raise ModelUnavailable(CROWDED)
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
                if event is None and self._ending.is_set():  # whoever writes may be silent for long
                    raise ModelUnavailable(ENDING)
                yield waiting if event is None else event

    def stop_all(self) -> None:
        """End all that `stream` makes, and begin no other."""
        self._ending.set()

    def _made(
        self,
        question: str,
        history: Sequence[Turn],
        within: frozenset[str] | None,
        left: threading.Event,
        on_place: Callable[[int], None],
    ) -> Generator[Event]:
        def wanted() -> bool:
            return not left.is_set() and not self._ending.is_set()

        try:
            for event in self.events(
                question, history=history, within=within, wanted=wanted, on_place=on_place
            ):
                yield event
                if isinstance(event, AnswerFinished):
                    return
                if not wanted():
                    break
            raise ModelUnavailable(ENDING)
        except FootnoteError:
            raise
        except Exception as error:  # the border of a request: whoever asked must be told something
            _LOG.exception("a question failed")
            raise FootnoteError(UNEXPECTED) from error
