"""Conversations: questions and answers kept in the catalogue, each with the one whose they are."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import ConversationNotFound, UsageError
from rag.portable import TurnNumber, insert_absent
from rag.stored import dump_answer, load_answer
from rag.tables import conversations, feedback, turns
from rag.types import Answer, Turn

State = Literal["asked", "answered", "stopped", "failed"]
"""``asked`` is one that is being answered, or whose answer was cut off by the end of the process."""

Verdict = Literal["right", "wrong", "wrong_source", "should_have_refused"]

Begin = Callable[[sa.Connection, str, str], None]
End = Callable[[sa.Connection, str], bool]

TITLE_CHARS = 120
UNTITLED = "New conversation"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a conversation searches: a collection, or documents, by their ids; all where both are empty."""

    collection: str = ""
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its turns; times are UTC in ISO 8601."""

    id: str
    title: str
    scope: Scope
    made_at: str
    changed_at: str
    n_turns: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, ready for JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "collection": self.scope.collection,
            "documents": list(self.scope.documents),
            "made_at": self.made_at,
            "changed_at": self.changed_at,
            "turns": self.n_turns,
        }


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A question of a conversation, what came of it, and what the asker thinks of that."""

    id: str
    question: str
    state: State
    answer: Answer | None
    error: str | None
    asked_at: str
    verdict: Verdict | None = None
    note: str = ""

    @property
    def said(self) -> Turn:
        """The turn as the engine takes it; a refusal, or what was not answered, said nothing."""
        given = self.answer if self.state == "answered" else None
        return Turn(self.question, given.text if given is not None and not given.refused else "")


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
            found = [_conversation(row) for row in connection.execute(query)]
            for word in words.casefold().split():
                holding = _holding(connection, owner, word)
                found = [each for each in found if each.id in holding or word in each.title.casefold()]
        return found[:limit]

    def get(self, conversation_id: str, owner: str) -> Conversation:
        """Return a conversation.

        Raises:
            ConversationNotFound: there is none by that id, or it is another's.
        """
        with self._catalog.transaction(write=False) as connection:
            return _found(connection, conversation_id, owner)

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
            _found(connection, conversation_id, owner)
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
            return _found(connection, conversation_id, owner)

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
            found = _found(connection, conversation_id, owner)
            begin(connection, conversation_id, turn_id)
            if found.title == UNTITLED and not found.n_turns:
                here = conversations.c.id == conversation_id
                connection.execute(conversations.update().where(here).values(title=clipped(question)))
            if replaces:
                _forget_from(connection, conversation_id, replaces)
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
            _found(connection, conversation_id, owner)
            here = conversations.c.id == conversation_id
            connection.execute(conversations.update().where(here).values(title=shown))
            return _found(connection, conversation_id, owner)

    def remove(self, conversation_id: str, owner: str) -> None:
        """Delete a conversation with all its turns.

        Raises:
            ConversationNotFound: there is none by that id, or it is another's.
        """
        with self._catalog.transaction(write=True) as connection:
            _found(connection, conversation_id, owner)
            connection.execute(conversations.delete().where(conversations.c.id == conversation_id))


def clipped(title: str) -> str:
    """Return a title on one line, and no longer than a list can show."""
    flat = " ".join(title.split())
    return flat if len(flat) <= TITLE_CHARS else flat[: TITLE_CHARS - 1].rstrip() + "…"


def _found(connection: sa.Connection, conversation_id: str, owner: str) -> Conversation:
    here = (conversations.c.id == conversation_id) & (conversations.c.owner == owner)
    count = sa.select(sa.func.count()).where(turns.c.conversation_id == conversation_id).scalar_subquery()
    row = connection.execute(sa.select(conversations, count.label("n_turns")).where(here)).first()
    if row is None:
        raise ConversationNotFound("no such conversation: it may have been deleted")
    return _conversation(row)


def _holding(connection: sa.Connection, owner: str, word: str) -> set[str]:
    """Return the ids of an owner's conversations in whose turns a folded word stands."""
    query = (
        sa.select(turns.c.conversation_id)
        .join(conversations, conversations.c.id == turns.c.conversation_id)
        .where((conversations.c.owner == owner) & turns.c.words.contains(word, autoescape=True))
    )
    return set(connection.scalars(query))


def _forget_from(connection: sa.Connection, conversation_id: str, turn_id: str) -> None:
    here = turns.c.conversation_id == conversation_id
    first = sa.select(TurnNumber()).select_from(turns).where((turns.c.id == turn_id) & here)
    number = connection.scalar(first)
    if number is None:
        raise ConversationNotFound("no such question in this conversation: open it again")
    connection.execute(turns.delete().where(here & (TurnNumber() >= number)))


def _conversation(row: Any) -> Conversation:
    scope = Scope(row.scope.get("collection", ""), tuple(row.scope.get("documents", ())))
    return Conversation(row.id, row.title, scope, row.made_at, row.changed_at, row.n_turns)


def stored_turn(row: Any) -> StoredTurn:
    """Return the turn of a row of `turns` joined with `feedback`."""
    answer = load_answer(row.answer) if row.answer is not None else None
    return StoredTurn(
        row.id, row.question, row.state, answer, row.error, row.asked_at, row.verdict, row.note or ""
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
