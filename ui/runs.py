"""The questions that are being answered, one a browser tab, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from rag.errors import FootnoteError
from rag.types import AnswerFinished, Event
from rag.types import Turn as Said
from ui.turn import Turn, advance

if TYPE_CHECKING:
    from rag.assistant import Assistant

UNEXPECTED = "something went wrong inside Footnote, and its log says what: ask again, or start it again"
TICK_S = 1.0
"""Seconds after which a turn is shown again though nothing has come."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failed:
    message: str


@dataclass(frozen=True, slots=True)
class _Run:
    events: SimpleQueue[Event | _Failed | None] = field(default_factory=SimpleQueue)
    stopping: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        self.stopping.set()
        self.events.put(None)


class Runs:
    """Follows the assistant's streams, and stops them."""

    def __init__(self, assistant: Assistant) -> None:
        """Follow the streams of this assistant."""
        self._assistant = assistant
        self._runs: dict[str, _Run] = {}

    def follow(
        self,
        session: str,
        question: str,
        history: Sequence[Said] = (),
        within: Collection[str] | None = None,
    ) -> Iterator[tuple[Turn, float]]:
        """Ask, and yield the turn with the seconds so far whenever there is news of it, until it is finished.

        Args:
            session: the browser tab that asks; `stop` takes it.
            question: what is asked.
            history: the turns before it, oldest first.
            within: ids of the documents that are searched; all of them when None.
        """
        run = self._runs[session] = _Run()
        began = time.monotonic()
        turn = Turn(question)
        yield turn, 0.0
        arguments = (question, history, within, run)
        threading.Thread(target=self._pump, args=arguments, name="answer", daemon=True).start()
        try:
            while not turn.finished:
                turn = _take(turn, run)
                yield turn, time.monotonic() - began
        finally:
            run.stopping.set()
            if self._runs.get(session) is run:
                del self._runs[session]

    def stop(self, session: str) -> None:
        """End the answer that this tab waits for; what is checked of it stays."""
        if run := self._runs.get(session):
            run.stop()

    def stop_all(self) -> None:
        """End all answers."""
        for run in list(self._runs.values()):
            run.stop()

    def _pump(
        self, question: str, history: Sequence[Said], within: Collection[str] | None, run: _Run
    ) -> None:
        try:
            for event in self._assistant.stream(question, history=history, within=within):
                run.events.put(event)
                if run.stopping.is_set() or isinstance(event, AnswerFinished):
                    return
            run.events.put(_Failed("the answer ended before it was complete: ask again"))
        except FootnoteError as error:
            run.events.put(_Failed(str(error)))
        except Exception:  # the border of a request: the page must say something
            _LOG.exception("a question failed")
            run.events.put(_Failed(UNEXPECTED))


def _take(turn: Turn, run: _Run) -> Turn:
    """Return the turn after all events that wait for it; at least one tick has passed or one has come."""
    try:
        item = run.events.get(timeout=TICK_S)
        while True:
            if item is None:
                return replace(turn, stopped=True)
            if isinstance(item, _Failed):
                return replace(turn, error=item.message)
            turn = advance(turn, item)
            if turn.finished:
                return turn
            item = run.events.get_nowait()
    except Empty:
        return turn
