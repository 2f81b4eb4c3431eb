from __future__ import annotations

import json
import threading
from types import SimpleNamespace

import pytest
from fakes import ScriptedModel, put
from markup import parse

from rag.assistant import Assistant
from rag.catalog import Catalog
from rag.errors import LibraryDamaged
from rag.people.conversation import Scope
from rag.people.conversations import Conversations
from rag.types import Turn as Said
from ui.answers import Answers
from ui.asking import Asking
from ui.callbacks import Callbacks
from ui.frame import EXAMPLES
from ui.runs import Runs
from ui.visitors import KEY

PAST, ASKED, ANSWERED, BOX, GREETING, OPENED = range(6)
ONE, TWO = "1" * 32, "2" * 32
QUESTION = "When did the planes land?"


def context(conversation: str = ONE, **more) -> str:
    return json.dumps({"conversation": conversation, "replaces": None, **more})


def request(user: str = "", page: str = "page"):
    return SimpleNamespace(request=SimpleNamespace(scope={KEY: user}), session_hash=page)


@pytest.fixture
def assistant(library, embedder, settings):
    put(library, "planes", "The planes landed at the base in May.\nThe river is long.", embedder)
    model = ScriptedModel("The planes landed in May.", "The planes landed in May.")
    with Assistant(library, embedder, model, settings) as opened:
        yield opened


@pytest.fixture
def conversations(assistant):
    assistant.library.lock()
    return Conversations(assistant.library.catalog)


@pytest.fixture
def callbacks(assistant, conversations):
    return Callbacks(assistant, Asking(assistant, conversations, Runs(Answers(assistant), conversations)))


@pytest.fixture
def held(assistant, monkeypatch) -> threading.Event:
    """Nothing is found before this is set."""
    go, stream = threading.Event(), assistant.stream

    def late(*asked, **more):
        assert go.wait(20)
        yield from stream(*asked, **more)

    monkeypatch.setattr(assistant, "stream", late)
    return go


def is_left_alone(value) -> bool:
    return isinstance(value, dict) and set(value) == {"__type__"}


def test_a_question_empties_the_box_then_answers_then_lets_ask_again(callbacks):
    steps = list(callbacks.answer(f" {QUESTION} ", context(), request()))
    first, last = steps[0], steps[-1]
    assert {len(step) for step in steps} == {OPENED + 1 + len(EXAMPLES)}
    assert (first[BOX]["value"], first[BOX]["stop_btn"], first[GREETING]) == ("", "Stop", "")
    assert [update["visible"] for update in first[OPENED + 1 :]] == [False] * len(EXAMPLES)
    assert last[BOX]["submit_btn"] == "Ask"
    assert "value" not in last[BOX]  # what is typed meanwhile stays
    assert parse(last[ANSWERED]).one(".said").text == "The planes landed in May."
    drawn = [step[ASKED] for step in steps if not is_left_alone(step[ASKED])]
    assert len(drawn) <= 2  # the question, then its quotes: never again, so that nothing jumps
    assert parse(drawn[-1]).one(".quote")
    assert all(is_left_alone(step[PAST]) for step in steps[1:])


def test_the_next_question_moves_the_last_turn_up(callbacks, conversations):
    list(callbacks.answer(QUESTION, context(), request()))
    first, *_ = callbacks.answer("When did planes land?", context(), request())
    assert parse(first[PAST]).one("h2").text == QUESTION
    assert [turn.question for turn in conversations.turns(ONE, "")] == [QUESTION, "When did planes land?"]


def test_a_question_is_put_with_the_turns_before_it(callbacks, monkeypatch):
    histories = []
    stream = Assistant.stream

    def watched(self, question, *, history=(), within=None, config=None):
        histories.append(list(history))
        return stream(self, question, history=history, within=within, config=config)

    monkeypatch.setattr(Assistant, "stream", watched)
    list(callbacks.answer(QUESTION, context(), request()))
    list(callbacks.answer("When did planes land?", context(), request()))
    list(callbacks.answer("Another?", context(TWO), request()))
    assert histories == [[], [Said(QUESTION, "The planes landed in May.")], []]


def test_an_edited_question_takes_the_place_of_the_old_one(callbacks, conversations):
    list(callbacks.answer("Where is the river?", context(), request()))
    [turn] = conversations.turns(ONE, "")
    first, *_ = callbacks.answer(QUESTION, context(replaces=turn.id), request())
    assert first[PAST] == ""
    assert [turn.question for turn in conversations.turns(ONE, "")] == [QUESTION]


def test_an_empty_question_changes_nothing(callbacks, conversations):
    [step] = callbacks.answer("  \n", context(), request())
    assert all(is_left_alone(value) for value in step)
    assert conversations.latest("") == []


def test_a_question_too_long_is_told(callbacks):
    *_, last = callbacks.answer("x" * 10_000, context(), request())
    assert "10,000 characters" in parse(last[ANSWERED]).one(".notice").text


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("", id="nothing"),
        pytest.param("{}", id="no conversation"),
        pytest.param('{"conversation": "../../etc"}', id="no id"),
        pytest.param(f'{{"conversation": "{ONE}", "user": "anna"}}', id="more than the page sends"),
        pytest.param(f'{{"conversation": "{ONE}", "documents": 7}}', id="of a wrong kind"),
    ],
)
def test_a_context_that_no_page_of_ours_sends_is_refused(callbacks, conversations, sent: str):
    [step] = callbacks.answer(QUESTION, sent, request())
    assert "load it again" in parse(step[ANSWERED]).one(".notice").text
    assert conversations.latest("") == []
    callbacks.stop(sent, request())


def test_a_conversation_is_shown_as_it_was_left(callbacks):
    for question in (QUESTION, "How many zebras does Kurabar have?"):
        list(callbacks.answer(question, context(), request()))
    [step] = callbacks.resume(context(), request(page="another"))
    assert parse(step[PAST]).one("h2").text == QUESTION
    assert parse(step[ASKED]).one("h2").text == "How many zebras does Kurabar have?"
    assert parse(step[ANSWERED]).all(".action")
    assert (step[GREETING], step[BOX]["submit_btn"]) == ("", "Ask")


def test_a_new_conversation_is_welcomed(callbacks):
    [step] = callbacks.resume(context(TWO), request())
    assert (step[PAST], step[ASKED], step[ANSWERED]) == ("", "", "")
    assert parse(step[GREETING]).one("h1").text == "Ask your documents"
    assert "2 passages in 1 document" in parse(step[-1]).text


def test_what_is_another_users_is_not_shown_nor_answered_in(callbacks, conversations):
    list(callbacks.answer(QUESTION, context(), request("anna")))
    [step] = callbacks.resume(context(), request("bob"))
    assert (step[PAST], step[ASKED], step[ANSWERED]) == ("", "", "")
    [step] = callbacks.answer("What?", context(), request("bob"))
    assert "no such conversation" in parse(step[ANSWERED]).one(".notice").text.lower()
    assert [turn.question for turn in conversations.turns(ONE, "anna")] == [QUESTION]


def test_documents_of_others_are_not_searched(callbacks, assistant):
    secret = {"uri": "file:///library/uploads/@anna/secret.txt"}
    put(assistant.library, "secret", "The planes landed in June, anna knows.", assistant.embedder, **secret)
    *_, anna = callbacks.answer(QUESTION, context(), request("anna"))
    *_, bob = callbacks.answer(QUESTION, context(TWO), request("bob"))
    assert "3 passages in 2 documents" in parse(callbacks.overview(request("anna"))).text
    assert "2 passages in 1 document" in parse(callbacks.overview(request("bob"))).text
    assert "anna knows" not in str(bob)
    assert "anna" not in str(bob)
    assert parse(anna[ANSWERED]).all(".said")


def test_one_page_follows_one_answer_at_a_time(callbacks, held):
    following = callbacks.answer(QUESTION, context(), request())
    next(following)
    [shown] = callbacks.resume(context(TWO), request())
    assert shown[ASKED] == ""
    held.set()
    [last] = following  # Gradio sends what comes last twice
    assert all(is_left_alone(value) for value in last), "what was left is not shown any more"


def test_what_comes_late_says_whose_it_is_or_nothing(callbacks, monkeypatch):
    asking = callbacks._asking
    resume = asking.resume

    def slow(user, conversation):
        if conversation == ONE:
            list(callbacks.resume(context(TWO), request()))
        return resume(user, conversation)

    monkeypatch.setattr(asking, "resume", slow)
    [(*late, _facts)] = callbacks.resume(context(ONE), request())
    assert all(is_left_alone(value) for value in late)
    [step] = callbacks.resume(context(TWO), request())
    assert parse(step[OPENED]).one("span").attributes["data-opened"] == TWO
    first, *_ = callbacks.answer(QUESTION, context(TWO), request())
    assert parse(first[OPENED]).one("span").attributes["data-opened"] == TWO


def test_the_same_question_asked_twice_at_once_is_one(callbacks, conversations, held):
    first = callbacks.answer(QUESTION, context(), request())
    next(first)
    second = callbacks.answer(QUESTION, context(), request())
    next(second)
    held.set()
    second = list(second)
    assert len(conversations.turns(ONE, "")) == 1
    assert parse(second[-1][ANSWERED]).one(".said").text == "The planes landed in May."


def test_a_library_that_cannot_be_read_says_so(callbacks, assistant, monkeypatch):
    def fail(*_, **__):
        raise LibraryDamaged("the catalogue is damaged: restore it from a copy")

    monkeypatch.setattr(assistant.library, "documents", fail)
    monkeypatch.setattr(Catalog, "n_documents", property(fail))
    monkeypatch.setattr(assistant.library.catalog, "search", fail)
    assert "no documents" in parse(callbacks.overview(request())).text
    *_, last = callbacks.answer(QUESTION, context(), request())
    assert "restore it" in parse(last[ANSWERED]).one(".notice").text


def test_an_answer_that_was_cut_off_says_so(callbacks, conversations):
    conversations.ask(ONE, "", QUESTION, Scope())
    [step] = callbacks.resume(context(), request())
    assert "cut off when Footnote ended: ask again" in parse(step[ANSWERED]).one(".notice").text
    assert parse(step[ASKED]).one("h2").text == QUESTION
