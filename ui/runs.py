"""The questions that are being answered, one a conversation, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import sqlalchemy as sa

from rag.errors import FootnoteError
from rag.people.conversation import Scope
from rag.people.conversations import Conversations, End
from rag.types import Turn as Said
from ui.answers import TICK_S, UNEXPECTED, Answers
from ui.turn import Turn, advance, answer_of, state_of

_LOG = logging.getLogger(__name__)


Within = Callable[[str, Scope], frozenset[str] | None]
"""From an owner and a scope to the ids of the documents that are searched."""


class Followed(Protocol):
    """A question that is being answered, here or by another process: the turn so far, to be followed.

    Attributes:
        conversation_id: where it was asked.
        turn: what is known of it.
        failure: the error of ours that it ended with, if any, where it was answered here.
    """

    conversation_id: str
    turn: Turn
    failure: FootnoteError | None

    def follow(self) -> Iterator[tuple[Turn, float]]:
        """Yield the turn with the seconds so far whenever there is news of it, until it is finished."""


class Run:
    """A question that is answered here, for any number of pages that follow it; see `Followed`."""

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

    def hold(self, connection: sa.Connection, conversation_id: str, turn_id: str) -> None:
        """Make sure that nobody else answers in a conversation, in the transaction that keeps a question.

        Raises:
            ConversationBusy: somebody does.
        """

    def running(self, conversation_id: str) -> Followed | None:
        """Return what is being answered in a conversation."""
        return self._runs.get(conversation_id)

    def stop(self, conversation_id: str) -> None:
        """End the answer of a conversation; what is checked of it stays, and is kept."""
        if run := self._runs.get(conversation_id):
            self._settle(run, replace(run.turn, stopped=True))

    def recover(self, within: Within) -> None:
        """Take over what processes that are gone were answering: here there is no other.

        Args:
            within: tells what documents are searched.
        """

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
            self._keep(turn)
        except FootnoteError as error:  # the answer is on the page, and its question is kept
            _LOG.warning("an answer was not kept: %s", error)
        self._end(run, turn)

    def _keep(self, turn: Turn, end: End = lambda *_: True) -> None:
        answer = answer_of(turn, self._answers.assistant.model)
        self._conversations.finish(turn.id, state_of(turn), answer, turn.error, end=end)

    def _end(self, run: Run, turn: Turn) -> None:
        with self._mutex:
            if self._runs.get(run.conversation_id) is run:
                del self._runs[run.conversation_id]
        run.finish(turn)
