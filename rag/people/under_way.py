"""The questions that are being answered, as rows, so that every process can follow each, and take it over.

One question of a conversation is under way at a time. It belongs to a process; what that process has told of
the answer is kept piece by piece until the answer is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import ConversationBusy
from rag.people.presence import is_gone
from rag.storage.portable import insert_absent
from rag.storage.tables import conversations, told, under_way
from rag.types import Event
from rag.wire import event_from_dict, event_to_dict

BUSY = "the question before is still being answered: ask again once it is, or delete the conversation"


@dataclass(frozen=True, slots=True)
class Question:
    """A question under way.

    Attributes:
        conversation_id: where it was asked.
        owner: whose conversation that is.
        turn_id: where its answer will be kept.
        process: who answers it.
        tries: how many processes have begun to.
        place: the number of answers that the model writes before this one.
        stopped: whether it is to be answered no further.
    """

    conversation_id: str
    owner: str
    turn_id: str
    process: str
    tries: int
    place: int
    stopped: bool


class UnderWay:
    """The questions that are being answered, and this process among those that answer."""

    def __init__(self, catalog: Catalog, process: str) -> None:
        """Answer in the name of this process."""
        self._catalog = catalog
        self._process = process

    def begin(self, connection: sa.Connection, conversation_id: str, turn_id: str) -> None:
        """Begin to answer a question, in the transaction that keeps it.

        Raises:
            ConversationBusy: another one of the conversation is being answered.
        """
        row = {"conversation_id": conversation_id, "turn_id": turn_id, "process": self._process}
        if not insert_absent(connection, under_way, row | {"tries": 1, "place": 0, "stopped": False}):
            raise ConversationBusy(BUSY)

    def end(self, connection: sa.Connection, turn_id: str) -> bool:
        """End a question, in the transaction that keeps its answer.

        Returns:
            Whether it was still this process's.
        """
        mine = (under_way.c.turn_id == turn_id) & (under_way.c.process == self._process)
        if not connection.execute(under_way.delete().where(mine)).rowcount:
            return False
        connection.execute(told.delete().where(told.c.turn_id == turn_id))
        return True

    def of(self, conversation_id: str) -> Question | None:
        """Return the question of a conversation that is being answered."""
        query = _QUESTIONS.where(under_way.c.conversation_id == conversation_id)
        with self._catalog.transaction(write=False) as connection:
            row = connection.execute(query).first()
            return None if row is None else Question(*row)

    def tell(self, turn_id: str, n: int, events: Sequence[Event], place: int) -> Question | None:
        """Keep the `n`-th piece of what is told of an answer, if there is something.

        Returns:
            The question; None where it is not this process's any more.
        """
        mine = (under_way.c.turn_id == turn_id) & (under_way.c.process == self._process)
        with self._catalog.transaction(write=True) as connection:
            if not connection.execute(under_way.update().where(mine).values(place=place)).rowcount:
                return None
            if events:
                words = json.dumps([event_to_dict(event) for event in events])
                connection.execute(told.insert().values(turn_id=turn_id, n=n, events=words))
            return Question(*connection.execute(_QUESTIONS.where(mine)).one())

    def told(self, turn_id: str, n: int) -> tuple[int, list[Event]]:
        """Return the number of the next piece that will be told of an answer, and all from the `n`-th on."""
        later = (told.c.turn_id == turn_id) & (told.c.n >= n)
        with self._catalog.transaction(write=False) as connection:
            pieces = connection.scalars(sa.select(told.c.events).where(later).order_by(told.c.n)).all()
        return n + len(pieces), [event_from_dict(event) for piece in pieces for event in json.loads(piece)]

    def stop(self, conversation_id: str) -> None:
        """Let whoever answers the question of a conversation stop."""
        here = under_way.c.conversation_id == conversation_id
        with self._catalog.transaction(write=True) as connection:
            connection.execute(under_way.update().where(here).values(stopped=True))

    def forsaken(self) -> list[Question]:
        """Return the questions whose process is gone, and this process's own."""
        theirs = is_gone(under_way.c.process) | (under_way.c.process == self._process)
        with self._catalog.transaction(write=False) as connection:
            return [Question(*row) for row in connection.execute(_QUESTIONS.where(theirs))]

    def take_over(self, question: Question) -> bool:
        """Make a question this process's, from its beginning; return False where another one was first."""
        same = (under_way.c.turn_id == question.turn_id) & (under_way.c.tries == question.tries)
        values: dict[str, Any] = {"process": self._process, "tries": question.tries + 1, "place": 0}
        with self._catalog.transaction(write=True) as connection:
            if not connection.execute(under_way.update().where(same).values(values)).rowcount:
                return False
            connection.execute(told.delete().where(told.c.turn_id == question.turn_id))
            return True


_QUESTIONS = sa.select(
    under_way.c.conversation_id,
    conversations.c.owner,
    under_way.c.turn_id,
    under_way.c.process,
    under_way.c.tries,
    under_way.c.place,
    under_way.c.stopped,
).join(conversations, conversations.c.id == under_way.c.conversation_id)
