from __future__ import annotations

import threading
import time

import pytest
from fakes import ScriptedModel, put

from rag.assistant import Assistant
from rag.errors import ModelUnavailable
from rag.types import EvidenceFound, Sentence, SentenceChecked, TextWritten
from ui.runs import UNEXPECTED, Runs


@pytest.fixture
def assistant(library, embedder, settings):
    put(library, "planes", "The planes landed at the base in May.\nThe river is long.", embedder)
    with Assistant(library, embedder, ScriptedModel("The planes landed in May."), settings) as opened:
        yield opened


def test_a_question_goes_from_evidence_to_answer(assistant):
    turns = [turn for turn, _ in Runs(assistant).follow("tab", "When did the planes land?")]
    assert not turns[0].searched
    assert turns[-1].answer is not None
    assert turns[-1].question == "When did the planes land?"
    assert turns[-1].quotes[0].quote == "The planes landed at the base in May."
    assert [turn.finished for turn in turns[:-1]] == [False] * (len(turns) - 1)


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
    assistant = Slow(library, embedder, None, settings)
    runs = Runs(assistant)
    for turn, _ in runs.follow("tab", "Why?"):
        if turn.sentences:
            runs.stop("another tab")
            runs.stop("tab")
    assert turn.stopped
    assert turn.pending == ""
    assert [sentence.text for sentence in turn.sentences] == ["It is so."]
    assert assistant.closed.wait(5)


def test_leaving_the_page_ends_the_stream(library, embedder, settings):
    assistant = Slow(library, embedder, None, settings)
    stream = Runs(assistant).follow("tab", "Why?")
    while not next(stream)[0].sentences:
        pass
    stream.close()
    assert assistant.closed.wait(5)


def test_stop_all_ends_every_tab(library, embedder, settings):
    runs = Runs(Slow(library, embedder, None, settings))
    streams = [runs.follow(tab, "Why?") for tab in ("one", "two")]
    for stream in streams:
        while not next(stream)[0].sentences:
            pass
    runs.stop_all()
    assert [list(stream)[-1][0].stopped for stream in streams] == [True, True]


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
def test_failures_become_sentences(library, embedder, settings, caplog, error, words):
    assistant = Failing(library, embedder, None, settings)
    assistant.error = error
    *_, (turn, _) = Runs(assistant).follow("tab", "Why?")
    assert turn.error == words
    assert ("KeyError" in caplog.text) == (words == UNEXPECTED)


def test_time_passes_visibly_while_nothing_comes(library, embedder, settings, monkeypatch):
    class Silent(Assistant):
        def stream(self, question, *, history=(), within=None, config=None):
            time.sleep(0.2)
            yield EvidenceFound((), (), question)

    monkeypatch.setattr("ui.runs.TICK_S", 0.02)
    seconds = [
        elapsed for _, elapsed in Runs(Silent(library, embedder, None, settings)).follow("tab", "Why?")
    ]
    assert len(seconds) > 3
    assert seconds == sorted(seconds)
