from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes import QUESTION, TEXT, ScriptedModel, WritingModel, put
from local_doors import door_of, until

import ingest.local_engine
import ui.local_calls
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.load import load
from ingest.sync import survey, sync
from ingest.worker import Worker
from rag.assistant import Assistant
from rag.errors import LibraryMissing, QuestionError, ServerGone, SyncRefused
from rag.storage.holder import DOOR
from rag.types import AnswerFinished, EvidenceFound, Turn
from ui.local_client import Server
from ui.local_file import Door, found
from ui.running import Found, running

SAID = "A plane came from Libya on 26 October [1]."


class Held(Worker):
    """Parses in this process; a file that says so is read only once it is let go."""

    gate = threading.Event()

    def _load(self, name, data, scans, limits, _wanted):
        if b"hold" in data:
            self.gate.wait(20)
        return load(data, name, limits, scans)


@pytest.fixture(autouse=True)
def _unfenced(monkeypatch) -> None:
    monkeypatch.setattr(ingest.local_engine, "Worker", Held)
    Held.gate.clear()


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel(*[SAID] * 4)


@pytest.fixture
def opened(library, embedder, settings, model):
    library.require(embedder.fingerprint)
    with Assistant(library, embedder, model, settings) as assistant, door_of(assistant) as opened:
        opened.assistant = assistant
        yield opened


@pytest.fixture
def server(opened, settings) -> Server:
    return running(settings).server


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.txt").write_text(f"The zebra {name} crossed the river.")
    return folder


# -- asking ------------------------------------------------------------------------------------------------


def test_it_answers_as_the_assistant_itself_does(server, opened, embedder) -> None:
    put(opened.library, "news", TEXT, embedder)
    told = list(server.ask(QUESTION))
    own = list(opened.assistant.stream(QUESTION))
    assert [type(event) for event in told] == [type(event) for event in own]
    assert told[0].quotes == own[0].quotes
    answers = [events[-1].answer for events in (told, own)]
    assert answers[0].text == answers[1].text == "A plane came from Libya on 26 October."
    assert answers[0].sentences == answers[1].sentences
    assert answers[0].trace.candidates == answers[1].trace.candidates
    assert answers[0].trace.prompt == answers[1].trace.prompt


def test_a_conversation_and_a_scope_are_handed_on(server, opened, embedder) -> None:
    put(opened.library, "news", TEXT, embedder)
    put(opened.library, "zoo", "The plane for the zebra came from Libya in May.", embedder)
    asked = [Turn("When did the plane come from Libya?", "On 26 October.")]
    told = list(server.ask("And the zebra?", asked, frozenset({"zoo"})))
    own = list(opened.assistant.stream("And the zebra?", history=asked, within={"zoo"}))
    assert {passage.document_id for passage in told[0].passages} == {"zoo"}
    query = told[-1].answer.trace.query
    assert query == own[-1].answer.trace.query
    assert "Libya" in query


@pytest.mark.parametrize(
    ("question", "kind"),
    [pytest.param(" ", QuestionError, id="no question"), pytest.param("x", LibraryMissing, id="empty")],
)
def test_errors_are_those_of_the_assistant(server, question, kind) -> None:
    with pytest.raises(kind):
        list(server.ask(question))


def test_the_place_in_the_queue_is_told(server, opened, embedder) -> None:
    put(opened.library, "news", TEXT, embedder)
    places: list[int] = []
    answers = []
    asking = threading.Thread(target=lambda: answers.extend(server.ask(QUESTION, on_place=places.append)))
    with opened.turnstile.passed(lambda: True, lambda _: None):
        asking.start()
        until(lambda: places)
    asking.join(20)
    assert places == [1, 0]
    assert isinstance(answers[-1], AnswerFinished)


def test_who_leaves_an_answer_gives_the_model_back(library, embedder, settings) -> None:
    put(library, "news", TEXT, embedder)
    model = WritingModel(lambda _: "word " * 2000, pace=0.01)
    with Assistant(library, embedder, model, settings) as assistant, door_of(assistant) as opened:
        events = running(settings).server.ask(QUESTION)
        assert isinstance(next(events), EvidenceFound)
        next(events)
        assert opened.turnstile._queue
        events.close()
        until(lambda: not opened.turnstile._queue, 5)


# -- adding ------------------------------------------------------------------------------------------------


def test_what_is_added_is_told_as_it_comes_and_at_the_end_in_order(server, opened, folder) -> None:
    (folder / "b.pdf").write_text("no PDF")
    told, stages = [], []
    added = server.add([folder], DEFAULT_LIMITS, on_progress=stages.append, on_outcome=told.append)
    assert [(each.path.name, each.kind) for each in added.outcomes] == [
        ("a.txt", "added"),
        ("b.pdf", "failed"),
        ("b.txt", "added"),
        ("c.txt", "added"),
    ]
    assert sorted(told, key=lambda each: each.path) == added.outcomes
    assert {each.stage for each in stages} == {"finding", "reading", "embedding", "indexing"}
    assert (added.n_passages, added.stopped) == (3, False)
    assert len(opened.library.documents()) == 4


def test_the_limits_of_who_asks_hold(server, folder) -> None:
    (folder / "b.txt").write_text("zebra " * 1000)
    added = server.add([folder], Limits(max_file_mb=0.001))
    assert [each.kind for each in added.outcomes] == ["added", "failed", "added"]
    assert "raise the setting 'max_file_mb'" in added.outcomes[1].reason


def test_names_that_are_no_text_arrive(server, tmp_path) -> None:
    odd = Path(str(tmp_path)) / "zebra\udcff.txt"
    odd.write_text("The zebra crossed the river.")
    [outcome] = server.add([odd], DEFAULT_LIMITS).outcomes
    assert (outcome.path, outcome.kind) == (odd, "added")


def test_a_stop_finishes_what_is_at_hand_and_tells_it(server, opened, folder) -> None:
    (folder / "b.txt").write_text("hold: the zebra crossed the river.")
    stop = threading.Event()

    def on_progress(progress) -> None:
        if progress.name == "b.txt":
            stop.set()
            threading.Timer(1.0, Held.gate.set).start()

    added = server.add([folder], DEFAULT_LIMITS, on_progress=on_progress, stopping=stop.is_set)
    assert [each.path.name for each in added.outcomes] == ["a.txt", "b.txt"]
    assert added.stopped
    assert {each.title for each in opened.library.documents()} == {"a", "b"}


def test_of_two_commands_at_once_one_waits_and_is_told_so(server, opened, folder) -> None:
    (folder / "b.txt").write_text("hold: the zebra crossed the river.")
    done, places = [], []
    first = threading.Thread(target=lambda: done.append(server.add([folder / "b.txt"], DEFAULT_LIMITS)))
    first.start()
    until(lambda: opened.local._errands)
    second = threading.Thread(
        target=lambda: done.append(server.add([folder], DEFAULT_LIMITS, on_place=places.append))
    )
    second.start()
    until(lambda: places)
    Held.gate.set()
    first.join(20)
    second.join(20)
    assert places == [1, 0]
    assert [[each.kind for each in added.outcomes] for added in done] == [
        ["added"],
        ["added", "same", "added"],
    ]


# -- sync and remove ---------------------------------------------------------------------------------------


def test_a_sync_reports_what_one_without_a_server_does(server, opened, folder, tmp_path) -> None:
    (folder / "pic.bin").write_bytes(b"\0")
    server.add([folder], DEFAULT_LIMITS)
    (folder / "a.txt").write_text("The zebra crossed the moon.")
    (folder / "b.txt").unlink()
    looked = survey([folder])
    told = []
    report, n_passages = server.sync(looked, DEFAULT_LIMITS, on_outcome=told.append)
    assert [(each.path.name, each.kind) for each in report.outcomes] == [
        ("a.txt", "changed"),
        ("b.txt", "removed"),
    ]
    assert told == list(report.outcomes)
    assert n_passages == 2
    assert [step.path.name for step in report.plan.of("same")] == ["c.txt"]
    assert [step.path.name for step in report.plan.of("other")] == ["pic.bin"]
    assert not report.stopped
    again, _ = server.sync(looked, DEFAULT_LIMITS)
    own = sync(opened.library, looked, lambda: opened.assistant.embedder)
    assert [(s.kind, s.path) for s in again.plan.steps] == [(s.kind, s.path) for s in own.plan.steps]
    assert not again.plan.work


def test_a_sync_that_would_remove_too_much_is_refused(server, opened, folder) -> None:
    server.add([folder], DEFAULT_LIMITS)
    for name in ("a", "b"):
        (folder / f"{name}.txt").unlink()
    with pytest.raises(SyncRefused, match="say --yes"):
        server.sync(survey([folder]), DEFAULT_LIMITS)
    assert len(opened.library.documents()) == 3
    report, _ = server.sync(survey([folder]), DEFAULT_LIMITS, confirmed=True)
    assert [each.kind for each in report.outcomes] == ["removed", "removed"]


def test_documents_are_removed_and_one_that_is_gone_already_is_no_error(server, opened, folder) -> None:
    server.add([folder], DEFAULT_LIMITS)
    ids = [each.id for each in opened.library.documents()]
    opened.library.remove(ids[0])
    told: list[str] = []
    server.remove(ids[:2], told.append)
    assert told == ids[:2]
    assert [each.id for each in opened.library.documents()] == ids[2:]


# -- finding it, and its end -------------------------------------------------------------------------------


def test_a_server_with_another_secret_is_not_talked_to(opened, settings) -> None:
    file = opened.library.path / DOOR
    file.write_text(json.dumps(json.loads(file.read_text()) | {"secret": "wrong"}))
    assert running(settings) == Found()
    with pytest.raises(ServerGone, match="for who can read the library's files"):
        list(Server(found(opened.library.path)).ask("x"))


@contextmanager
def dying(*lines: dict):
    """Serve one answer that breaks off after some lines."""
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            while b"\r\n\r\n" not in connection.recv(65536):
                pass
            connection.sendall(head + f"{len(body):x}\r\n".encode() + body + b"\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        host, port = listener.getsockname()
        yield Server(Door(f"http://{host}:{port}", "x", 1, "1"))
        thread.join(10)


ONE = {"type": "outcome", "path": "/a", "kind": "added", "title": "a", "n_passages": 1}
ONE |= {"reason": None, "source": None}


def test_a_server_that_dies_is_an_error_and_what_was_told_was_told() -> None:
    told = []
    with (
        dying({"type": "begun", "id": "x"}, ONE) as server,
        pytest.raises(ServerGone, match="ended before this was done") as raised,
    ):
        server.add([Path("/a")], DEFAULT_LIMITS, on_outcome=told.append)
    assert [each.title for each in told] == ["a"]
    assert raised.value.retryable


def test_a_server_that_ends_well_says_what_is_left_to_do() -> None:
    end = {"type": "end", "stopped": True, "n_passages": 1, "outcomes": [ONE]}
    with (
        dying({"type": "begun", "id": "x"}, ONE, end) as server,
        pytest.raises(ServerGone, match="run the same command again for the rest"),
    ):
        server.add([Path("/a")], DEFAULT_LIMITS)


def test_an_answer_that_breaks_off_is_an_error() -> None:
    with (
        dying({"type": "begun", "id": "x"}, {"type": "text", "text": "A "}) as server,
        pytest.raises(ServerGone),
    ):
        list(server.ask("x"))


def test_a_server_that_is_silent_is_not_waited_for(monkeypatch) -> None:
    monkeypatch.setattr(ui.local_calls, "_HELLO_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        assert Server(Door(f"http://{host}:{port}", "x", 1, "1")).settings() is None


def test_nothing_heavy_is_loaded_to_ask() -> None:
    heavy = ("torch", "sqlalchemy", "numpy", "httpx", "chromadb", "gradio", "langchain_core", "starlette")
    program = f"import sys, ui.doing; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "[]"
