"""Questions that are being answered, as rows: one of a conversation, one process each, and none forsaken."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from rag.errors import ConversationBusy
from rag.people.conversation import Scope
from rag.people.conversations import Conversations
from rag.people.presence import Presence
from rag.people.under_way import UnderWay
from rag.storage.tables import processes, told
from rag.types import EvidenceFound, TextWritten

TALK = "1" * 32


@pytest.fixture
def conversations(library) -> Conversations:
    return Conversations(library.catalog)


@pytest.fixture
def two(library) -> list[UnderWay]:
    made = [Presence(library.catalog) for _ in range(2)]
    for each in made:
        each.beat()
    return [UnderWay(library.catalog, each.name) for each in made]


def ask(conversations: Conversations, by: UnderWay, question: str = "When?") -> str:
    return conversations.ask(TALK, "anna", question, Scope(), begin=by.begin)[0]


def kill(library, under_way: UnderWay) -> None:
    silent = sa.update(processes).where(processes.c.name == under_way._process).values(ends_at=0)
    with library.catalog.transaction(write=True) as connection:
        connection.execute(silent)


def n_told(library) -> int:
    with library.catalog.transaction(write=False) as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(told))


def test_a_conversation_has_one_question_at_a_time_whichever_process_asks(conversations, two) -> None:
    one, other = two
    turn = ask(conversations, one)
    with pytest.raises(ConversationBusy, match="still being answered"):
        ask(conversations, other, "And then?")
    assert [each.question for each in conversations.turns(TALK, "anna")] == ["When?"]
    question = other.of(TALK)
    assert (question.turn_id, question.owner, question.tries, question.stopped) == (turn, "anna", 1, False)
    conversations.finish(turn, "answered", end=one.end)
    assert other.of(TALK) is None
    ask(conversations, other, "And then?")


def test_what_is_told_is_read_in_its_order_and_goes_with_the_question(conversations, two, library) -> None:
    one, other = two
    turn = ask(conversations, one)
    found = EvidenceFound((), (), "When?")
    assert one.tell(turn, 0, [found], place=3).place == 3
    one.tell(turn, 1, [TextWritten("In "), TextWritten("May.")], place=0)
    one.tell(turn, 2, [], place=0)
    assert other.told(turn, 0) == (2, [found, TextWritten("In "), TextWritten("May.")])
    assert other.told(turn, 1) == (2, [TextWritten("In "), TextWritten("May.")])
    assert other.told(turn, 2) == (2, [])
    other.stop(TALK)
    assert one.tell(turn, 2, [], place=0).stopped
    conversations.finish(turn, "stopped", end=one.end)
    assert n_told(library) == 0


def test_a_question_whose_process_is_gone_is_taken_over_once(conversations, two, library) -> None:
    one, other = two
    third = UnderWay(library.catalog, "third")
    turn = ask(conversations, one)
    one.tell(turn, 0, [TextWritten("In ")], place=0)
    assert other.forsaken() == []
    kill(library, one)
    [question] = other.forsaken()
    assert [each.take_over(question) for each in (other, third)] == [True, False]
    assert (other.of(TALK).tries, n_told(library)) == (2, 0)
    # the one that was gone comes back: what it does changes nothing
    assert one.tell(turn, 1, [TextWritten("June.")], place=0) is None
    conversations.finish(turn, "answered", error="of the first", end=one.end)
    [kept] = conversations.turns(TALK, "anna")
    assert (kept.state, kept.error) == ("asked", None)
    conversations.finish(turn, "failed", error="of the other", end=other.end)
    [kept] = conversations.turns(TALK, "anna")
    assert (kept.state, kept.error) == ("failed", "of the other")


def test_a_conversation_that_is_deleted_takes_its_question_along(conversations, two) -> None:
    one, other = two
    turn = ask(conversations, one)
    conversations.remove(TALK, "anna")
    assert other.of(TALK) is None
    assert one.tell(turn, 0, [TextWritten("In ")], place=0) is None
