"""Questions that any of several processes answers: each can be followed from every other, and taken over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import sqlalchemy as sa

from rag.errors import ConversationNotFound, FootnoteError
from rag.people.conversations import Conversations, End
from rag.people.under_way import Question, UnderWay
from rag.types import Turn as Said
from ui.answers import TICK_S, Answers
from ui.runs import Followed, Run, Runs, Within
from ui.turn import CUT_OFF, Turn, advance, news, turn_of

TELL_S = 0.25
"""Seconds between two pieces of an answer that are told, and between two looks at what others told."""

MOST_TRIES = 3
"""Processes that begin to answer a question; one that ends each of them is not tried for ever."""

MOVED = "this Footnote ends, and another one goes on with the answer: load the page again"

_LOG = logging.getLogger(__name__)


class SharedRuns(Runs):
    """What `Runs` does, by one of several processes."""

    def __init__(self, answers: Answers, conversations: Conversations, under_way: UnderWay) -> None:
        """Answer as `Runs` does; `under_way` tells the others."""
        super().__init__(answers, conversations)
        self._under_way = under_way
        self._mine: set[str] = set()

    def hold(self, connection: sa.Connection, conversation_id: str, turn_id: str) -> None:
        """Make sure that nobody else answers in a conversation, in the transaction that keeps a question.

        Raises:
            ConversationBusy: somebody does.
        """
        self._mine.add(turn_id)
        try:
            self._under_way.begin(connection, conversation_id, turn_id)
        except BaseException:
            self._mine.discard(turn_id)
            raise

    def begin(
        self,
        conversation_id: str,
        turn_id: str,
        question: str,
        history: Sequence[Said] = (),
        within: frozenset[str] | None = None,
    ) -> Run:
        """Begin to answer a question that this process holds, and to tell of it."""
        run = super().begin(conversation_id, turn_id, question, history, within)
        threading.Thread(target=self._tell, args=(run,), name="telling", daemon=True).start()
        return run

    def running(self, conversation_id: str) -> Followed | None:
        """Return what is being answered in a conversation, by whatever process."""
        if (run := super().running(conversation_id)) is not None:
            return run
        question = self._under_way.of(conversation_id)
        return None if question is None else FarRun(question, self._under_way, self._conversations)

    def stop(self, conversation_id: str) -> None:
        """End the answer of a conversation; what is checked of it stays, and is kept."""
        if super().running(conversation_id) is not None:
            super().stop(conversation_id)
        else:
            self._under_way.stop(conversation_id)

    def stop_all(self) -> None:
        """End all answers here: other processes take them over."""
        for run in list(self._runs.values()):
            self._leave(run)

    def recover(self, within: Within) -> None:
        """Take over the questions of processes that are gone, and those whose answers could not be kept.

        Args:
            within: tells what documents are searched.
        """
        for question in self._under_way.forsaken():
            if question.turn_id not in self._mine:
                self._take_over(question, within)

    def _take_over(self, question: Question, within: Within) -> None:
        self._mine.add(question.turn_id)
        if not self._under_way.take_over(question):
            self._mine.discard(question.turn_id)
            return
        try:
            conversation = self._conversations.get(question.conversation_id, question.owner)
            turns = self._conversations.turns(question.conversation_id, question.owner)
            asked = next(turn for turn in turns if turn.id == question.turn_id)
            chosen = within(question.owner, conversation.scope)
        except (FootnoteError, StopIteration) as error:
            words = str(error) if isinstance(error, FootnoteError) else CUT_OFF
            self._keep(Turn("", id=question.turn_id, error=words))
            return
        if question.tries >= MOST_TRIES or question.stopped:
            self._keep(Turn(asked.question, id=asked.id, stopped=question.stopped, error=CUT_OFF))
            return
        before = [turn.said for turn in turns if turn.id != asked.id]
        _LOG.warning("a question is answered again, whose process was gone")
        self.begin(question.conversation_id, asked.id, asked.question, before, chosen)

    def _keep(self, turn: Turn, end: End | None = None) -> None:
        """Keep an answer, unless another process has taken its question over."""
        try:
            super()._keep(turn, end or self._under_way.end)
        finally:
            self._mine.discard(turn.id)

    def _leave(self, run: Run) -> None:
        """Let an answer go, which another process goes on with."""
        if run.claim():
            self._mine.discard(run.turn.id)
            self._end(run, replace(run.turn, error=MOVED))

    def _tell(self, run: Run) -> None:
        """Tell of an answer as it grows, and hear whether it is still to be given, and by this process."""
        before, n = Turn(run.turn.question), 0
        for turn, _ in run.follow():
            if turn.finished:
                return
            events = list(news(before, turn))
            try:
                question = self._under_way.tell(turn.id, n, events, turn.place)
            except FootnoteError as error:
                _LOG.warning("what is told of an answer was not kept: %s", error)
            else:
                before, n = turn, n + bool(events)
                if question is None:
                    self._leave(run)
                elif question.stopped:
                    self.stop(run.conversation_id)
            time.sleep(TELL_S)


class FarRun:
    """A question that another process answers, as it tells of it; see `Followed`."""

    failure: FootnoteError | None = None

    def __init__(self, question: Question, under_way: UnderWay, conversations: Conversations) -> None:
        """Follow this question."""
        self.conversation_id = question.conversation_id
        self._question = question
        self._under_way = under_way
        self._conversations = conversations
        self.turn = self._kept() or Turn("", id=question.turn_id)

    def follow(self) -> Iterator[tuple[Turn, float]]:
        """Yield the turn with the seconds so far whenever there is news of it, until it is finished."""
        began, shown, n = time.monotonic(), float("-inf"), 0
        start = turn = replace(Turn(self.turn.question), id=self.turn.id)
        tries = self._question.tries
        while (now := self._under_way.of(self.conversation_id)) and now.turn_id == self._question.turn_id:
            if now.tries != tries:
                tries, turn, n = now.tries, start, 0
            n, events = self._under_way.told(now.turn_id, n)
            for event in events:
                turn = advance(turn, event)
            turn = replace(turn, place=now.place)
            if turn != self.turn or time.monotonic() - shown >= TICK_S:
                self.turn, shown = turn, time.monotonic()
                yield turn, shown - began
            time.sleep(TELL_S)
        self.turn = self._kept() or replace(turn, error=CUT_OFF)
        yield self.turn, time.monotonic() - began

    def _kept(self) -> Turn | None:
        """Return the turn as it is kept; None where its conversation is gone."""
        try:
            turns = self._conversations.turns(self.conversation_id, self._question.owner)
        except ConversationNotFound:
            return None
        return next((turn_of(turn) for turn in turns if turn.id == self._question.turn_id), None)
