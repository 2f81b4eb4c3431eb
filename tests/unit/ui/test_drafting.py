from __future__ import annotations

import io
import json
import re

import pytest
from fakes import AngleEmbedder, ScriptedModel, put
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from rich.console import Console

from rag.errors import EvaluationError, LibraryMissing, ModelUnavailable, SettingsError, StorageError
from rag.library import Library
from ui import drafting
from ui.drafting import draft_and_report

TEXTS = {
    "plane": "On 3 May the first plane of the Volga company came to the base with eleven engineers on board.",
    "oil": "The refinery at Banias took 40 tankers of oil in June, more than in any month before it.",
}


class CountingModel(ScriptedModel):
    """Asks another question each time, and gives back the fact that it was asked to ask for."""

    def runnable(self):
        if self.error is not None:
            raise self.error
        return RunnableLambda(self._reply)

    def _reply(self, messages) -> AIMessage:
        if asked := re.search(r"with the answer: (.*)$", messages[-1][1]):
            self.answers.append(asked[1])
            return AIMessage(f"What was told of {['planes', 'rivers'][len(self.answers) % 2]}, briefly?")
        return AIMessage(self.answers[-1])


@pytest.fixture
def model(monkeypatch) -> CountingModel:
    made = CountingModel()
    monkeypatch.setattr(drafting, "make_embedder", lambda *_: AngleEmbedder())
    monkeypatch.setattr(drafting, "make_chat_model", lambda *_: made)
    return made


@pytest.fixture
def local(settings, library, embedder):
    for name, text in TEXTS.items():
        put(library, name, text, embedder)
    library.close()
    return settings.model_copy(update={"llm": "local"})


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def said(console: Console) -> str:
    return console.file.getvalue()


def test_questions_go_to_standard_output_and_the_report_elsewhere(local, model, console, capsys):
    assert draft_and_report(console, local, 2, 0, None) == 2
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["document"][0] for line in lines} == {"plane.txt", "oil.txt"}
    assert all(line["answerable"] and line["answers"] for line in lines)
    assert "2 of 2 questions from 2 passages" in said(console)
    assert model.closed


def test_questions_go_to_a_new_file(local, model, console, tmp_path, capsys):
    out = tmp_path / "mine.jsonl"
    assert draft_and_report(console, local, 1, 0, out) == 1
    [line] = out.read_text("utf-8").splitlines()
    assert json.loads(line)["question"].endswith("?")
    assert f"footnote eval {out}" in said(console)
    assert capsys.readouterr().out == ""


def test_a_file_that_is_there_is_left_alone(local, model, console, tmp_path):
    out = tmp_path / "mine.jsonl"
    out.write_text("edited by hand", "utf-8")
    with pytest.raises(EvaluationError, match=r"mine\.jsonl is there already: name another file"):
        draft_and_report(console, local, 1, 0, out)
    assert out.read_text("utf-8") == "edited by hand"
    assert model.answers == []


def test_it_says_when_the_library_gives_no_more(local, model, console, tmp_path):
    assert draft_and_report(console, local, 5, 0, tmp_path / "mine.jsonl") == 2
    assert "2 of 5 questions from 2 passages" in said(console)
    assert "The library gave no more" in said(console)


def test_it_says_why_passages_gave_nothing(local, model, console, tmp_path, monkeypatch):
    monkeypatch.setattr(model, "_reply", lambda messages: AIMessage("I would rather not."))
    out = tmp_path / "mine.jsonl"
    assert draft_and_report(console, local, 1, 0, out) == 0
    assert "2 × no question came" in said(console)
    assert not out.exists()


def test_what_is_written_stays_when_the_model_fails(local, model, console, tmp_path):
    out = tmp_path / "mine.jsonl"
    reply = model._reply

    def fail_later(messages) -> AIMessage:
        if len(model.answers) == 1 and "Write a question" in messages[-1][1]:
            raise ConnectionError("gone")
        return reply(messages)

    model._reply = fail_later
    with pytest.raises(ModelUnavailable):
        draft_and_report(console, local, 2, 0, out)
    assert len(out.read_text("utf-8").splitlines()) == 1
    assert model.closed


def test_without_a_model_there_are_no_questions(settings, console):
    with pytest.raises(SettingsError, match="no model to write questions"):
        draft_and_report(console, settings, 1, 0, None)


def test_an_empty_library(settings, console, model):
    local = settings.model_copy(update={"llm": "local"})
    with pytest.raises(LibraryMissing):
        draft_and_report(console, local, 1, 0, None)
    Library.open(local.library, create=True).close()
    with pytest.raises(LibraryMissing, match="is empty: fill it"):
        draft_and_report(console, local, 1, 0, None)


def test_a_place_that_cannot_be_written(local, model, console, tmp_path):
    with pytest.raises(StorageError, match="No such file or directory"):
        draft_and_report(console, local, 1, 0, tmp_path / "nowhere" / "mine.jsonl")
