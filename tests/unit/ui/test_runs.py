from __future__ import annotations

import threading
import time

import pytest
from fakes import ScriptedModel, put

from rag.assistant import Assistant
from rag.errors import ModelPaused, ModelUnavailable, StorageError
from rag.people.conversation import Scope
from rag.people.conversations import Conversations
from rag.types import EvidenceFound, Sentence, SentenceChecked, TextWritten
from ui.answers import UNEXPECTED, Answers
from ui.runs import Runs

QUESTION = "When did the planes land?"
ONE, TWO = "1" * 32, "2" * 32


class Kept:
    """Runs over an assistant, and where their answers are kept."""

    def __init__(self, assistant: Assistant) -> None:
        assistant.library.lock()
        self.conversations = Conversations(assistant.library.catalog)
        self.runs = Runs(Answers(assistant), self.conversations)

    def begin(self, question: str = QUESTION, conversation: str = ONE, **options):
        turn_id, _ = self.conversations.ask(conversation, "", question, Scope())
        return self.runs.begin(conversation, turn_id, question, **options)

    def stored(self, conversation: str = ONE):
        return self.conversations.turns(conversation, "")[-1]


@pytest.fixture
def planes(library, embedder):
    return put(library, "planes", "The planes landed at the base in May.\nThe river is long.", embedder)


@pytest.fixture
def assistant(planes, library, embedder, settings):
    model = ScriptedModel("The planes landed in May.", "The planes landed in May.")
    with Assistant(library, embedder, model, settings) as opened:
        yield opened


def until(condition) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_question_goes_from_evidence_to_answer_and_is_kept(assistant):
    kept = Kept(assistant)
    run = kept.begin()
    turns = [turn for turn, _ in run.follow()]
    assert turns[-1].answer is not None
    assert turns[-1].quotes[0].quote == "The planes landed at the base in May."
    assert [turn.finished for turn in turns[:-1]] == [False] * (len(turns) - 1)
    assert kept.stored().answer == turns[-1].answer
    assert kept.runs.running(ONE) is None


def test_a_choice_of_documents_is_all_that_is_searched(assistant, library, embedder):
    put(library, "other", "The planes landed in June, another says.", embedder)
    kept = Kept(assistant)
    *_, (turn, _) = kept.begin(within=frozenset({"other"})).follow()
    assert {passage.document_id for passage in turn.passages} == {"other"}
    *_, (turn, _) = kept.begin(within=frozenset()).follow()
    assert (turn.passages, turn.refused) == ((), True)


class Slow(Assistant):
    """Writes one sentence, then waits for the test."""

    def stream(self, question, *, history=(), within=None, config=None):
        self.waiting = threading.Event()
        self.closed = threading.Event()
        try:
            yield EvidenceFound((), (), question)
            yield TextWritten("It is so. And")
            yield SentenceChecked(Sentence("It is so."))
            while not self.waiting.wait(0.01):
                yield TextWritten(" more")
        finally:
            self.closed.set()


def test_stop_keeps_what_is_checked_and_ends_the_stream(library, embedder, settings):
    kept = Kept(Slow(library, embedder, None, settings))
    for turn, _ in kept.begin().follow():
        if turn.sentences:
            kept.runs.stop(TWO)
            kept.runs.stop(ONE)
    assert turn.stopped
    assert turn.pending == ""
    assert [sentence.text for sentence in turn.sentences] == ["It is so."]
    stored = kept.stored()
    assert (stored.state, stored.answer.text) == ("stopped", "It is so.")
    until(lambda: kept.runs._answers.assistant.closed.is_set())


def test_an_answer_is_written_to_its_end_though_nobody_follows(assistant):
    kept = Kept(assistant)
    run = kept.begin()
    next(run.follow())
    until(lambda: kept.stored().state == "answered")
    *_, (late, _) = run.follow()
    assert late.answer == kept.stored().answer


def test_several_pages_follow_one_answer(assistant):
    kept = Kept(assistant)
    run = kept.begin()
    ends = []
    threads = [
        threading.Thread(target=lambda: ends.append([turn for turn, _ in run.follow()][-1])) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [end.answer for end in ends] == [kept.stored().answer] * 3


def test_stop_all_ends_every_conversation(library, embedder, settings):
    kept = Kept(Slow(library, embedder, None, settings))
    runs = [kept.begin("Why?", conversation) for conversation in (ONE, TWO)]
    for run in runs:
        next(turn for turn, _ in run.follow() if turn.sentences)
    kept.runs.stop_all()
    assert [run.turn.stopped for run in runs] == [True, True]
    assert [kept.stored(each).state for each in (ONE, TWO)] == ["stopped", "stopped"]


class Failing(Assistant):
    error: Exception

    def stream(self, question, *, history=(), within=None, config=None):
        yield EvidenceFound((), (), question)
        raise self.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModelUnavailable("the model is gone: ask again"), "the model is gone: ask again"),
        (KeyError("x"), UNEXPECTED),
    ],
    ids=["known", "unknown"],
)
def test_failures_become_sentences_and_are_kept(library, embedder, settings, caplog, error, words):
    assistant = Failing(library, embedder, None, settings)
    assistant.error = error
    kept = Kept(assistant)
    *_, (turn, _) = kept.begin().follow()
    assert turn.error == words
    assert (kept.stored().state, kept.stored().error) == ("failed", words)
    assert ("KeyError" in caplog.text) == (words == UNEXPECTED)


def test_an_answer_that_cannot_be_kept_is_shown(assistant, monkeypatch, caplog):
    kept = Kept(assistant)

    def full(*_: object, **__: object) -> None:
        raise StorageError("no space left")

    monkeypatch.setattr(kept.conversations, "finish", full)
    *_, (turn, _) = kept.begin().follow()
    assert turn.answer is not None
    assert "not kept: no space left" in caplog.text


def test_time_passes_visibly_while_nothing_comes(library, embedder, settings, monkeypatch):
    seen = threading.Event()

    class Silent(Assistant):
        def stream(self, question, *, history=(), within=None, config=None):
            assert seen.wait(120)
            yield EvidenceFound((), (), question)

    monkeypatch.setattr("ui.runs.TICK_S", 0.02)
    kept = Kept(Silent(library, embedder, None, settings))
    seconds = []
    for _, elapsed in kept.begin("Why?").follow():
        seconds.append(elapsed)
        if len(seconds) == 4:
            seen.set()
    assert len(seconds) > 4
    assert seconds == sorted(seconds)


class Held(ScriptedModel):
    """Answers one question after the other, each when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Semaphore(0)
        self.asked = 0

    def runnable(self):
        self.asked += 1
        self.let_go.acquire(timeout=120)
        self.answers = ["The planes landed in May."]
        return super().runnable()


def test_answers_wait_for_the_model_in_line_and_quotes_do_not(planes, library, embedder, settings):
    model = Held()
    local = settings.model_copy(update={"llm": "local"})
    kept = Kept(Assistant(library, embedder, model, local))
    runs = [kept.begin(conversation=str(n) * 32) for n in range(1, 4)]
    until(lambda: [run.turn.place for run in runs].count(0) == 1)
    until(lambda: sorted(run.turn.place for run in runs) == [0, 1, 2])
    assert all(run.turn.quotes for run in runs)
    assert model.asked == 1
    waiting = max(runs, key=lambda run: run.turn.place)
    kept.runs.stop(waiting.conversation_id)
    assert waiting.turn.stopped
    for _ in range(12):  # a question takes several calls
        model.let_go.release()
    until(lambda: all(run.turn.finished for run in runs))
    assert sum(run.turn.answer is not None for run in runs) == 2


def test_a_model_that_died_is_started_for_the_next_question(assistant):
    kept = Kept(assistant)
    model = assistant.chat_model
    model.error = ModelUnavailable("the model is gone: ask again")
    *_, (turn, _) = kept.begin().follow()
    assert turn.error == "the model is gone: ask again"
    until(lambda: model.started == 2)  # by the question, and by its end
    model.error = None
    *_, (turn, _) = kept.begin().follow()
    assert turn.answer is not None


class Resting(ScriptedModel):
    """Is left alone for so many calls."""

    def __init__(self, times: int, again_s: float | None = 0.05) -> None:
        super().__init__("The planes landed in May.")
        self.rest, self.again_s = times, again_s
        self.asked = 0

    def runnable(self):
        self.asked += 1
        if self.asked <= self.rest:
            raise ModelPaused("the model is left alone for now", again_s=self.again_s)
        return super().runnable()


def begun(model, library, embedder, settings):
    assistant = Assistant(library, embedder, model, settings.model_copy(update={"llm": "openai:x"}))
    kept = Kept(assistant)
    return kept, [turn for turn, _ in kept.begin().follow()]


def test_a_question_waits_for_a_model_that_is_left_alone_and_goes_on(planes, library, embedder, settings):
    kept, turns = begun(Resting(2), library, embedder, settings)
    assert turns[-1].answer is not None
    assert (turns[-1].paused, kept.stored().state) == (False, "answered")
    paused = [turn for turn in turns if turn.paused]
    assert paused
    assert all(turn.quotes for turn in paused)  # they are there meanwhile


def test_it_does_not_wait_for_ever(planes, library, embedder, settings):
    kept, turns = begun(Resting(99, again_s=3600), library, embedder, settings)
    assert turns[-1].error == "the model is left alone for now"
    assert turns[-1].quotes
    assert kept.stored().state == "failed"


def test_it_does_not_wait_where_nobody_says_for_how_long(planes, library, embedder, settings):
    _, turns = begun(Resting(99, again_s=None), library, embedder, settings)
    assert turns[-1].error == "the model is left alone for now"


def test_who_waits_can_stop(planes, library, embedder, settings):
    model = Resting(99, again_s=30)
    assistant = Assistant(library, embedder, model, settings.model_copy(update={"llm": "openai:x"}))
    kept = Kept(assistant)
    run = kept.begin()
    until(lambda: run.turn.paused)
    kept.runs.stop(ONE)
    assert run.turn.stopped
    assert model.asked == 1
