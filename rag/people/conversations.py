"""Conversations: questions and answers kept in the catalogue, each with the one whose they are."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import UsageError
from rag.people.conversation import UNTITLED, Conversation, Scope, State, StoredTurn, clipped
from rag.people.conversation_rows import (
    find_conversation,
    forget_from,
    ids_holding,
    stored_conversation,
    stored_turn,
)
from rag.storage.portable import TurnNumber, insert_absent
from rag.storage.stored import dump_answer
from rag.storage.tables import conversations, feedback, turns
from rag.types import Answer

Begin = Callable[[sa.Connection, str, str], None]
End = Callable[[sa.Connection, str], bool]


class Conversations:
    """The conversations in a catalogue. Each call is one transaction; another owner's are not there."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def latest(self, owner: str, words: str = "", limit: int = 200) -> list[Conversation]:
        """Return an owner's conversations, the latest first; with `words`, those that hold all of them."""
        query = (
            sa.select(conversations, sa.func.count(turns.c.id).label("n_turns"))
            .outerjoin(turns, turns.c.conversation_id == conversations.c.id)
            .where(conversations.c.owner == owner)
            .group_by(conversations.c.id)
            .order_by(conversations.c.changed_at.desc(), conversations.c.made_at.desc())
        )
        with self._catalog.transaction(write=False) as connection:
            found = [stored_conversation(row) for row in connection.execute(query)]
            for word in words.casefold().split():
                holding = ids_holding(connection, owner, word)
                found = [each for each in found if each.id in holding or word in each.title.casefold()]
        return found[:limit]

    def get(self, conversation_id: str, owner: str) -> Conversation:
        """Return a conversation.

        Raises:
            ConversationNotFound: there is none by that id, or it is another's.
        """
        with self._catalog.transaction(write=False) as connection:
            return find_conversation(connection, conversation_id, owner)

    def turns(self, conversation_id: str, owner: str) -> list[StoredTurn]:
        """Return the turns of a conversation, oldest first.

        Raises:
            ConversationNotFound: there is none by that id, or it is another's.
        """
        query = (
            sa.select(turns, feedback.c.verdict, feedback.c.note)
            .outerjoin(feedback, feedback.c.turn_id == turns.c.id)
            .where(turns.c.conversation_id == conversation_id)
            .order_by(TurnNumber())
        )
        with self._catalog.transaction(write=False) as connection:
            find_conversation(connection, conversation_id, owner)
            return [stored_turn(row) for row in connection.execute(query)]

    def create(self, conversation_id: str, owner: str, scope: Scope, title: str = "") -> Conversation:
        """Begin a conversation in which nothing is asked yet; without a title its first question is that.

        Raises:
            StorageError: the library may only be read.
        """
        now = _now()
        values = {"id": conversation_id, "owner": owner, "title": clipped(title) or UNTITLED, "made_at": now}
        with self._catalog.transaction(write=True) as connection:
            connection.execute(conversations.insert().values(**values, scope=asdict(scope), changed_at=now))
            return find_conversation(connection, conversation_id, owner)

    def ask(
        self,
        conversation_id: str,
        owner: str,
        question: str,
        scope: Scope,
        *,
        replaces: str = "",
        begin: Begin = lambda *_: None,
    ) -> tuple[str, list[StoredTurn]]:
        """Add a question, to a new conversation where there is none by that id.

        Args:
            conversation_id: chosen by whoever asks: 32 hexadecimal digits.
            owner: whose it is.
            question: becomes the title of a new conversation.
            scope: what is searched from now on.
            replaces: the id of a turn in whose place this comes; those after it go with it.
            begin: called in the same transaction, with the ids of the conversation and of the new turn; what
                it raises leaves everything as it was.

        Returns:
            The id of the new turn, and the turns before it.

        Raises:
            ConversationNotFound: it is another's, or has no turn `replaces`.
        """
        now, turn_id = _now(), secrets.token_hex(16)
        with self._catalog.transaction(write=True) as connection:
            known = connection.scalar(
                sa.select(conversations.c.owner).where(conversations.c.id == conversation_id)
            )
            if known is None:
                values = {"id": conversation_id, "owner": owner, "title": clipped(question), "made_at": now}
                row = values | {"scope": asdict(scope), "changed_at": now}
                insert_absent(connection, conversations, row)
            found = find_conversation(connection, conversation_id, owner)
            begin(connection, conversation_id, turn_id)
            if found.title == UNTITLED and not found.n_turns:
                here = conversations.c.id == conversation_id
                connection.execute(conversations.update().where(here).values(title=clipped(question)))
            if replaces:
                forget_from(connection, conversation_id, replaces)
            connection.execute(
                turns.insert().values(
                    id=turn_id,
                    conversation_id=conversation_id,
                    question=question,
                    state="asked",
                    words=question.casefold(),
                    asked_at=now,
                )
            )
            connection.execute(
                conversations.update()
                .where(conversations.c.id == conversation_id)
                .values(changed_at=now, scope=asdict(scope))
            )
        return turn_id, [turn for turn in self.turns(conversation_id, owner) if turn.id != turn_id]

    def finish(
        self,
        turn_id: str,
        state: State,
        answer: Answer | None = None,
        error: str | None = None,
        *,
        end: End = lambda *_: True,
    ) -> None:
        """Store what came of a question; nothing happens where it was deleted meanwhile.

        `end` is called in the same transaction, with the id of the turn; nothing is stored where it says no.
        """
        said = " ".join([answer.text, *(quote.quote for quote in answer.quotes)]) if answer else ""
        with self._catalog.transaction(write=True) as connection:
            if not end(connection, turn_id):
                return
            connection.execute(
                turns.update()
                .where(turns.c.id == turn_id)
                .values(
                    state=state,
                    answer=dump_answer(answer) if answer else None,
                    error=error,
                    words=turns.c.words + "\n" + said.casefold(),
                )
            )

    def rename(self, conversation_id: str, owner: str, title: str) -> Conversation:
        """Give a conversation another title, and return it.

        Raises:
            ConversationNotFound: there is none by that id, or it is another's.
            UsageError: the title is empty.
        """
        shown = clipped(title)
        if not shown:
            raise UsageError("a conversation needs a title: write a few words")
        with self._catalog.transaction(write=True) as connection:
            find_conversation(connection, conversation_id, owner)
            here = conversations.c.id == conversation_id
            connection.execute(conversations.update().where(here).values(title=shown))
            return find_conversation(connection, conversation_id, owner)

    def remove(self, conversation_id: str, owner: str) -> None:
        """Delete a conversation with all its turns.

        Raises:
            ConversationNotFound: there is none by that id, or it is another's.
        """
        with self._catalog.transaction(write=True) as connection:
            find_conversation(connection, conversation_id, owner)
            connection.execute(conversations.delete().where(conversations.c.id == conversation_id))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
