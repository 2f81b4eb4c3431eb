"""The statements behind the transactions on conversations: rows in, values out."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from rag.errors import ConversationNotFound
from rag.people.conversation import Conversation, Scope, StoredTurn
from rag.storage.portable import TurnNumber
from rag.storage.stored import load_answer
from rag.storage.tables import conversations, turns


def find_conversation(connection: sa.Connection, conversation_id: str, owner: str) -> Conversation:
    """Return a conversation.

    Raises:
        ConversationNotFound: there is none by that id, or it is another's.
    """
    here = (conversations.c.id == conversation_id) & (conversations.c.owner == owner)
    count = sa.select(sa.func.count()).where(turns.c.conversation_id == conversation_id).scalar_subquery()
    row = connection.execute(sa.select(conversations, count.label("n_turns")).where(here)).first()
    if row is None:
        raise ConversationNotFound("no such conversation: it may have been deleted")
    return stored_conversation(row)


def ids_holding(connection: sa.Connection, owner: str, word: str) -> set[str]:
    """Return the ids of an owner's conversations in whose turns a folded word stands."""
    query = (
        sa.select(turns.c.conversation_id)
        .join(conversations, conversations.c.id == turns.c.conversation_id)
        .where((conversations.c.owner == owner) & turns.c.words.contains(word, autoescape=True))
    )
    return set(connection.scalars(query))


def forget_from(connection: sa.Connection, conversation_id: str, turn_id: str) -> None:
    """Delete a turn and those after it.

    Raises:
        ConversationNotFound: the conversation has no such turn.
    """
    here = turns.c.conversation_id == conversation_id
    first = sa.select(TurnNumber()).select_from(turns).where((turns.c.id == turn_id) & here)
    number = connection.scalar(first)
    if number is None:
        raise ConversationNotFound("no such question in this conversation: open it again")
    connection.execute(turns.delete().where(here & (TurnNumber() >= number)))


def stored_conversation(row: Any) -> Conversation:
    """Return the conversation of a row of `conversations` with its number of turns."""
    scope = Scope(row.scope.get("collection", ""), tuple(row.scope.get("documents", ())))
    return Conversation(row.id, row.title, scope, row.made_at, row.changed_at, row.n_turns)


def stored_turn(row: Any) -> StoredTurn:
    """Return the turn of a row of `turns` joined with `feedback`."""
    answer = load_answer(row.answer) if row.answer is not None else None
    return StoredTurn(
        row.id, row.question, row.state, answer, row.error, row.asked_at, row.verdict, row.note or ""
    )
