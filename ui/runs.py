"""The questions that are being answered, one a conversation, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.conversations import Conversations
from rag.errors import FootnoteError
from rag.types import Turn as Said
from ui.answers import TICK_S, UNEXPECTED, Answers
from ui.turn import Turn, advance, answer_of, state_of

if TYPE_CHECKING:
    pass

_LOG = logging.getLogger(__name__)


class Run:
    """A question that is being answered: the turn so far, for any number of pages that follow it.

    `failure` is the error of ours that it ended with, if any.
    """

    def __init__(self, conversation_id: str, turn: Turn) -> None:
        self.conversation_id = conversation_id
        self.turn = turn
        self.failure: FootnoteError | None = None
        self._began = time.monotonic()
        self._claimed = False
        self._news = threading.Condition()

    def follow(self) -> Iterator[tuple[Turn, float]]:
        """Yield the turn with the seconds so far whenever there is news of it, until it is finished."""
        seen: Turn | None = None
        while seen is None or not seen.finished:
            with self._news:
                if self.turn is seen:
                    self._news.wait(TICK_S)
                seen = self.turn
            yield seen, time.monotonic() - self._began

    def become(self, turn: Turn) -> bool:
        """Take the turn on, unless somebody is about to finish it; return whether it did."""
        with self._news:
            if self._claimed:
                return False
            self.turn = turn
            self._news.notify_all()
            return True

    def claim(self) -> bool:
        """Be the one who finishes it; return whether nobody was before."""
        with self._news:
            first, self._claimed = not self._claimed, True
            return first

    def finish(self, turn: Turn) -> None:
        """Show the finished turn; who claimed it does."""
        with self._news:
            self.turn = turn
            self._news.notify_all()


class Runs:
    """Answers questions whether or not a page follows, keeps what came of them, and stops them."""

    def __init__(self, answers: Answers, conversations: Conversations) -> None:
        """Take the answers from these, and keep them in these conversations."""
        self._answers = answers
        self._conversations = conversations
        self._runs: dict[str, Run] = {}
        self._mutex = threading.Lock()

    def begin(
        self,
        conversation_id: str,
        turn_id: str,
        question: str,
        history: Sequence[Said] = (),
        within: frozenset[str] | None = None,
    ) -> Run:
        """Begin to answer a question that is kept under `turn_id`.

        Args:
            conversation_id: the conversation that it belongs to; `running` and `stop` take it.
            turn_id: where the answer is kept.
            question: what is asked.
            history: the turns before it, oldest first.
            within: ids of the documents that are searched; all when None.
        """
        run = Run(conversation_id, Turn(question, id=turn_id))
        with self._mutex:
            self._runs[conversation_id] = run
        threading.Thread(
            target=self._answer, args=(run, question, history, within), name="answer", daemon=True
        ).start()
        return run

    def running(self, conversation_id: str) -> Run | None:
        """Return what is being answered in a conversation."""
        return self._runs.get(conversation_id)

    def stop(self, conversation_id: str) -> None:
        """End the answer of a conversation; what is checked of it stays, and is kept."""
        if run := self.running(conversation_id):
            self._settle(run, replace(run.turn, stopped=True))

    def stop_all(self) -> None:
        """End all answers."""
        for conversation_id in list(self._runs):
            self.stop(conversation_id)

    def _answer(
        self, run: Run, question: str, history: Sequence[Said], within: frozenset[str] | None
    ) -> None:
        def tell(place: int) -> None:
            run.become(replace(run.turn, place=place))

        def pause(paused: bool) -> None:
            run.become(replace(run.turn, paused=paused))

        try:
            for event in self._answers.patient_events(
                question,
                history=history,
                within=within,
                wanted=lambda: not run.turn.finished,
                on_place=tell,
                on_pause=pause,
            ):
                turn = advance(run.turn, event)
                if turn.finished:
                    self._settle(run, turn)
                if not run.become(turn):
                    return
            self._settle(run, replace(run.turn, error="the answer ended before it was complete: ask again"))
        except FootnoteError as error:
            run.failure = error
            self._settle(run, replace(run.turn, error=str(error)))
        except Exception:  # the border of a request: the page must say something
            _LOG.exception("a question failed")
            self._settle(run, replace(run.turn, error=UNEXPECTED))

    def _settle(self, run: Run, turn: Turn) -> None:
        """Finish a run, once: what came of it is kept before it is shown."""
        if not run.claim():
            return
        try:
            answer = answer_of(turn, self._answers.assistant.model)
            self._conversations.finish(turn.id, state_of(turn), answer, turn.error)
        except FootnoteError as error:  # the answer is on the page, and its question is kept
            _LOG.warning("an answer was not kept: %s", error)
        with self._mutex:
            if self._runs.get(run.conversation_id) is run:
                del self._runs[run.conversation_id]
        run.finish(turn)
