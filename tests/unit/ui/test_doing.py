from __future__ import annotations

import io
import re

import pytest
from fakes import QUESTION, TEXT, AngleEmbedder, put
from local_doors import door_of
from rich.console import Console

import ingest.local_engine
import rag.assistant_parts
import rag.models
import ui.running
from ingest.load import load
from ingest.worker import Worker
from rag.assistant import Assistant
from rag.errors import LibraryInUse
from rag.library import Library
from rag.settings_layers import load_settings
from rag.types import AnswerFinished
from ui.adding import add_and_report
from ui.doing import answering
from ui.removing import remove_and_report
from ui.syncing import Request, sync_and_report


class Unfenced(Worker):
    """Parses in this process: the fence has tests of its own."""

    def _load(self, name, data, scans, limits, _wanted):
        return load(data, name, limits, scans)


@pytest.fixture(autouse=True)
def _fakes(monkeypatch) -> None:
    monkeypatch.setattr(ingest.local_engine, "Worker", Unfenced)
    monkeypatch.setattr(rag.assistant_parts, "make_embedder", lambda *_: AngleEmbedder())
    monkeypatch.setattr(rag.models, "make_embedder", lambda *_: AngleEmbedder())


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200, highlight=False)


@pytest.fixture
def chat(settings, embedder):
    """A library that a Footnote serves; the settings have `llm` none."""
    library = Library.open(settings.library, create=True)
    library.lock("footnote chat")
    put(library, "news", TEXT, embedder)
    with Assistant(library, embedder, None, settings) as assistant, door_of(assistant) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "zoo.txt").write_text("The zebra crossed the river.")
    monkeypatch.chdir(tmp_path)
    return folder


def said(console: Console) -> str:
    return " ".join(console.file.getvalue().split())


def asked(settings, console: Console) -> str:
    with answering(console, settings) as ask:
        return next(event.answer.text for event in ask(QUESTION) if isinstance(event, AnswerFinished))


def given(settings, **options):
    known = {"library": settings.library, "models": settings.models, "offline": True}
    return load_settings(known | options, environ={})


def test_a_question_goes_to_the_running_one(chat, settings, console, monkeypatch) -> None:
    monkeypatch.setattr(rag.assistant_parts, "make_embedder", lambda *_: pytest.fail("models were loaded"))
    assert "26 October" in asked(settings, console)
    assert "26 October" in asked(given(settings), console)  # a setting that nobody gave is its own
    assert said(console) == ""


def test_other_settings_are_answered_for_by_the_command_itself(chat, settings, console) -> None:
    assert "26 October" in asked(given(settings, llm="none", passages=2), console)
    assert said(console) == (
        "Answering without the Footnote that runs on this library: "
        "the setting 'passages' is 2 here and 6 there."
    )


def test_without_a_running_one_a_command_answers_by_itself(settings, embedder, console) -> None:
    with Library.open(settings.library, create=True) as library:
        put(library, "news", TEXT, embedder)
    assert "26 October" in asked(settings, console)
    assert said(console) == ""


def test_files_are_added_through_it_by_names_from_here(chat, settings, console, folder) -> None:
    assert add_and_report(console, settings, [folder.relative_to(folder.parent)]) == 0
    assert "zoo.txt added 1" in said(console)
    assert "1 added, 0 changed, 0 same, 0 failed · 4 passages in" in said(console)
    assert chat.library.find(str(folder / "zoo.txt")).n_passages == 1


def test_the_table_is_the_one_of_a_command_alone(settings, embedder, console, folder) -> None:
    (folder / "bad.pdf").write_text("no PDF")
    alone = Console(file=io.StringIO(), width=200, highlight=False)
    assert add_and_report(alone, settings, [folder, folder / "absent.txt"]) == 1
    with Library.open(settings.library) as library:
        for document in library.documents():
            library.remove(document.id)
    library = Library.open(settings.library)
    with Assistant(library, embedder, None, settings) as assistant, door_of(assistant):
        assert add_and_report(console, settings, [folder, folder / "absent.txt"]) == 1
    assert console.file.getvalue() == alone.file.getvalue()


def test_a_folder_is_made_equal_through_it(chat, settings, console, folder, capsys) -> None:
    assert not sync_and_report(console, Request(settings, [folder]))
    assert "zoo.txt added" in said(console)
    (folder / "zoo.txt").rename(folder / "park.txt")
    assert not sync_and_report(console, Request(settings, [folder], as_json=True))
    assert '"outcome": "moved"' in capsys.readouterr().out
    assert {each.title for each in chat.library.documents()} == {"News", "park"}


def test_documents_are_removed_through_it(chat, settings, console, folder) -> None:
    add_and_report(console, settings, [folder])
    remove_and_report(console, settings, ["documents/zoo.txt", "News"], purge=False)
    assert "removed zoo removed News" in said(console)
    assert not chat.library.documents()


def test_a_purge_is_refused_before_anything_is_removed(chat, settings, console) -> None:
    with pytest.raises(LibraryInUse, match=r"in use by 'footnote chat' \(process"):
        remove_and_report(console, settings, ["News"], purge=True)
    assert [each.title for each in chat.library.documents()] == ["News"]


def test_who_cannot_ask_it_is_told_why_the_library_is_not_written_to(
    chat, settings, console, folder, monkeypatch
) -> None:
    other = given(settings, embedder=str(folder))
    because = (
        rf"in use by 'footnote chat' .*; it cannot do this for you, as the setting 'embedder' is {folder}"
    )
    with pytest.raises(LibraryInUse, match=because):
        add_and_report(console, other, [folder])
    with pytest.raises(LibraryInUse, match=because):
        sync_and_report(console, Request(other, [folder]))
    monkeypatch.setattr(ui.running, "own_version", lambda: "9.9")
    with pytest.raises(LibraryInUse, match=re.escape("and this is 9.9")):
        remove_and_report(console, settings, ["News"], purge=False)
    assert len(chat.library.documents()) == 1
