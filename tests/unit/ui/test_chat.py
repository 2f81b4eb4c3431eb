from __future__ import annotations

import pytest
from fakes import ScriptedModel, put
from markup import parse

from rag.assistant import Assistant
from rag.errors import LibraryDamaged
from rag.types import Answer
from rag.types import Turn as Said
from ui.chat import Callbacks, history_of
from ui.frame import EXAMPLES
from ui.runs import Runs
from ui.turn import Turn

PAST, ASKED, ANSWERED, BOX, TURNS, GREETING = range(6)
FACTS, WELCOME = range(2)


@pytest.fixture
def assistant(library, embedder, settings):
    put(library, "planes", "The planes landed at the base in May.\nThe river is long.", embedder)
    model = ScriptedModel("The planes landed in May.", "The planes landed in May.")
    with Assistant(library, embedder, model, settings) as opened:
        yield opened


@pytest.fixture
def callbacks(assistant):
    return Callbacks(assistant, Runs(assistant))


def is_left_alone(value) -> bool:
    return isinstance(value, dict) and set(value) == {"__type__"}


def test_a_question_empties_the_box_then_answers_then_lets_ask_again(callbacks):
    steps = list(callbacks.answer(" When did the planes land? ", "tab", []))
    first, last = steps[0], steps[-1]
    assert {len(step) for step in steps} == {GREETING + 1 + len(EXAMPLES)}
    assert (first[BOX]["value"], first[BOX]["stop_btn"], first[GREETING]) == ("", "Stop", "")
    assert [update["visible"] for update in first[GREETING + 1 :]] == [False] * len(EXAMPLES)
    assert last[BOX]["submit_btn"] == "Ask"
    assert "value" not in last[BOX]  # what is typed meanwhile stays
    assert parse(last[ANSWERED]).one(".said").text == "The planes landed in May."
    assert [turn.question for turn in last[TURNS]] == ["When did the planes land?"]
    drawn = [step[ASKED] for step in steps if not is_left_alone(step[ASKED])]
    assert len(drawn) == 2  # the question, then its quotes: never again, so that nothing jumps
    assert parse(drawn[1]).one(".quote")


def test_the_next_question_moves_the_last_turn_up(callbacks):
    *_, last = callbacks.answer("When did the planes land?", "tab", [])
    first, *_, end = callbacks.answer("When did planes land?", "tab", last[TURNS])
    assert parse(first[PAST]).one("h2").text == "When did the planes land?"
    assert is_left_alone(end[PAST])
    assert len(end[TURNS]) == 2


def answered(text: str, refused: bool = False) -> Answer:
    return Answer("Why?", "Why?", (), text, (), (), refused, 0.9, "scripted", {})


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        pytest.param(Turn("Why?", answer=answered("So.")), Said("Why?", "So."), id="answered"),
        pytest.param(Turn("Why?", answer=answered("None says.", refused=True)), Said("Why?"), id="refused"),
        pytest.param(Turn("Why?", written="So", stopped=True), Said("Why?"), id="stopped"),
        pytest.param(Turn("Why?", error="the model is gone"), Said("Why?"), id="failed"),
    ],
)
def test_the_history_is_what_was_asked_and_answered(turn, expected):
    assert history_of([turn]) == [expected]


def test_the_history_keeps_its_order():
    turns = [Turn("One?"), Turn("Two?", answer=answered("So."))]
    assert history_of(turns) == [Said("One?"), Said("Two?", "So.")]
    assert history_of([]) == []


def test_a_question_is_put_with_the_turns_before_it(callbacks, assistant, monkeypatch):
    histories = []
    stream = Assistant.stream

    def watched(self, question, *, history=(), config=None):
        histories.append(list(history))
        return stream(self, question, history=history, config=config)

    monkeypatch.setattr(Assistant, "stream", watched)
    *_, last = callbacks.answer("When did the planes land?", "tab", [])
    list(callbacks.answer("When did planes land?", "tab", last[TURNS]))
    assert histories == [[], [Said("When did the planes land?", "The planes landed in May.")]]


def test_an_empty_question_changes_nothing(callbacks):
    [step] = callbacks.answer("  \n", "tab", [])
    assert all(is_left_alone(value) for value in step)


def test_a_question_too_long_is_told(callbacks):
    *_, last = callbacks.answer("x" * 10_000, "tab", [])
    assert "10,000 characters" in parse(last[ANSWERED]).one(".notice").text


def test_the_overview_shows_the_library(callbacks):
    shown = callbacks.overview([])
    assert "2 passages in 1 document" in parse(shown[FACTS]).text
    assert parse(shown[WELCOME]).one("h1").text == "Ask your documents"
    assert callbacks.overview(["a turn"])[WELCOME] == ""


def test_a_library_that_cannot_be_read_says_so_and_questions_too(callbacks, assistant, monkeypatch):
    def fail(*_, **__):
        raise LibraryDamaged("the catalogue is damaged: restore it from a copy")

    monkeypatch.setattr(assistant.library, "documents", fail)
    assert "restore it" in parse(callbacks.overview([])[WELCOME]).one(".notice").text
    monkeypatch.setattr(Assistant, "stream", fail)
    *_, last = callbacks.answer("When?", "tab", [])
    assert "restore it" in parse(last[ANSWERED]).one(".notice").text
