"""Questions that several processes answer: each can follow, stop and take over those of the others."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa

from rag.assistant import Assistant
from rag.errors import ConversationBusy, StorageError
from rag.people.conversation import Scope
from rag.people.conversations import Conversations
from rag.people.presence import Presence
from rag.people.under_way import UnderWay
from rag.storage.tables import processes, told, under_way
from rag.types import AnswerFinished, EvidenceFound, Sentence, SentenceChecked, TextWritten
from ui import shared_runs
from ui.answers import Answers
from ui.asked import Asked
from ui.asking import Asking
from ui.shared_runs import MOST_TRIES, MOVED, SharedRuns
from ui.turn import CUT_OFF, Turn, answer_of

TALK = "1" * 32
SAID = "It is so."


class Writing(Assistant):
    """Writes one sentence, and ends once the test lets it."""

    def stream(self, question, *, history=(), within=None, config=None):
        self.asked = (question, [turn.question for turn in history], within)
        yield EvidenceFound((), (), question)
        yield TextWritten(f"{SAID} And")
        yield SentenceChecked(Sentence(SAID))
        while not self.let_go.wait(0.01):
            yield TextWritten(" more")
        turn = Turn(question, searched=True, written=SAID, sentences=(Sentence(SAID),))
        yield AnswerFinished(answer_of(turn, "scripted"))


class Process:
    """What one of several processes has; its presence is told by the test."""

    def __init__(self, library, embedder, settings) -> None:
        library.lock()
        self.assistant = Writing(library, embedder, None, settings)
        self.assistant.let_go = threading.Event()
        self.conversations = Conversations(library.catalog)
        self.presence = Presence(library.catalog)
        self.presence.beat()
        self.library = library
        under_way = UnderWay(library.catalog, self.presence.name)
        self.runs = SharedRuns(Answers(self.assistant), self.conversations, under_way)
        self.asking = Asking(self.assistant, self.conversations, self.runs)

    def ask(self, question: str = "Why?", *, join: bool = True):
        return self.asking.begin("", Asked(conversation=TALK), question, join=join)

    def fall_silent(self) -> None:
        here = processes.update().where(processes.c.name == self.presence.name)
        with self.library.catalog.transaction(write=True) as connection:
            connection.execute(here.values(ends_at=0))

    def recover(self) -> None:
        self.runs.recover(self.asking.within)

    def turns(self):
        return [(turn.question, turn.state) for turn in self.conversations.turns(TALK, "")]


@pytest.fixture(autouse=True)
def _quick(monkeypatch) -> None:
    monkeypatch.setattr(shared_runs, "TELL_S", 0.02)


@pytest.fixture
def make(library, embedder, settings):
    made: list[Process] = []

    def make() -> Process:
        made.append(Process(library, embedder, settings))
        return made[-1]

    yield make
    for each in made:
        each.assistant.let_go.set()
        each.runs.stop_all()


@pytest.fixture
def two(make) -> list[Process]:
    return [make(), make()]


def until(condition) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def last(run) -> Turn:
    return list(run.follow())[-1][0]


def left(library) -> int:
    with library.catalog.transaction(write=False) as connection:
        return sum(
            connection.scalar(sa.select(sa.func.count()).select_from(each)) for each in (told, under_way)
        )


def test_an_answer_is_followed_from_another_process_to_its_end(two, library) -> None:
    one, other = two
    one.ask()
    earlier, far = other.asking.resume("", TALK)
    assert (earlier, far.turn.question) == ([], "Why?")
    seen = []
    for turn, seconds in far.follow():
        seen.append((turn, seconds))
        if turn.sentences:
            one.assistant.let_go.set()
    assert [sentence.text for sentence in seen[0][0].sentences] in ([], [SAID])
    assert any(turn.pending for turn, _ in seen[:-1])
    assert seen[-1][0].answer.text == SAID
    assert [seconds for _, seconds in seen] == sorted(seconds for _, seconds in seen)
    assert other.turns() == [("Why?", "answered")]
    assert left(library) == 0
    assert other.runs.running(TALK) is None


def test_a_second_question_joins_the_first_wherever_it_is_asked(two) -> None:
    one, other = two
    one.ask()
    run, _ = other.ask("And then?")
    assert run.turn.question == "Why?"
    with pytest.raises(ConversationBusy, match="still being answered"):
        other.ask("And then?", join=False)
    one.assistant.let_go.set()
    assert last(run).answer.text == SAID
    other.assistant.let_go.set()
    assert last(other.ask("And then?")[0]).answer.text == SAID
    assert one.turns() == [("Why?", "answered"), ("And then?", "answered")]
    assert other.assistant.asked == ("And then?", ["Why?"], None)


def test_an_answer_is_stopped_from_another_process(two) -> None:
    one, other = two
    run, _ = one.ask()
    next(turn for turn, _ in run.follow() if turn.sentences)
    other.asking.stop("", TALK)
    stopped = last(run)
    assert (stopped.stopped, [each.text for each in stopped.sentences]) == (True, [SAID])
    assert other.turns() == [("Why?", "stopped")]


def test_a_question_whose_process_died_is_answered_by_another_and_once(two, library) -> None:
    one, other = two
    run, _ = one.ask()
    next(turn for turn, _ in run.follow() if turn.sentences)
    _, far = other.asking.resume("", TALK)
    pages = far.follow()
    next(turn for turn, _ in pages if turn.sentences)
    other.recover()
    assert other.assistant.__dict__.get("asked") is None  # nobody was gone
    one.fall_silent()
    other.recover()
    other.recover()  # what is taken over is not taken over again
    assert other.assistant.asked == ("Why?", [], None)
    assert last(run).error == MOVED  # the one that was gone comes back, and lets go
    other.assistant.let_go.set()
    *_, (turn, _) = pages
    assert turn.answer.text == SAID
    assert one.turns() == [("Why?", "answered")]
    assert left(library) == 0


def test_what_an_end_leaves_is_gone_on_with(two) -> None:
    one, other = two
    one.conversations.ask(TALK, "", "Before?", Scope())
    run, _ = one.ask()
    one.runs.stop_all()
    assert last(run).error == MOVED
    one.presence.stop()
    other.assistant.let_go.set()
    other.recover()
    until(lambda: other.turns() == [("Before?", "asked"), ("Why?", "answered")])
    assert other.assistant.asked == ("Why?", ["Before?"], None)


def test_a_question_that_ends_every_process_is_not_tried_for_ever(make) -> None:
    first = make()
    first.ask()
    dying = first
    for _ in range(MOST_TRIES):
        dying.fall_silent()
        dying = make()
        dying.recover()
    assert dying.turns() == [("Why?", "failed")]
    [kept] = dying.conversations.turns(TALK, "")
    assert kept.error == CUT_OFF


def test_a_question_whose_scope_is_gone_says_so(two) -> None:
    one, other = two
    one.conversations.ask(TALK, "", "Why?", Scope("a collection"), begin=one.runs.hold)
    one.fall_silent()
    other.recover()
    [kept] = other.conversations.turns(TALK, "")
    assert (kept.state, "collection" in kept.error) == ("failed", True)


def test_an_answer_that_could_not_be_kept_is_given_again(two, monkeypatch) -> None:
    one, _ = two
    finish = one.conversations.finish

    def full(*_: object, **__: object) -> None:
        raise StorageError("no space left")

    monkeypatch.setattr(one.conversations, "finish", full)
    one.assistant.let_go.set()
    assert last(one.ask()[0]).answer.text == SAID
    monkeypatch.setattr(one.conversations, "finish", finish)
    assert one.turns() == [("Why?", "asked")]
    one.recover()
    until(lambda: one.turns() == [("Why?", "answered")])


def test_a_conversation_that_is_deleted_ends_its_answer_everywhere(two) -> None:
    one, other = two
    run, _ = one.ask()
    _, far = other.asking.resume("", TALK)
    other.conversations.remove(TALK, "")
    assert last(run).error == MOVED
    assert last(far).error == CUT_OFF
