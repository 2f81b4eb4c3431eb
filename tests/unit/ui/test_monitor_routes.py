"""Readiness and figures, as a load balancer and Prometheus ask for them."""

from __future__ import annotations

import asyncio
import threading

import pytest
from fakes import QUESTION, TEXT, ScriptedModel, put
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

import rag.answering
import ui.readiness
from rag.assistant import Assistant
from rag.errors import ModelPaused, ModelUnavailable, StorageError
from rag.library import Library
from rag.settings import Settings
from rag.types import AnswerFinished, EvidenceFound
from ui.answers import Answers
from ui.app import create_app
from ui.http_figures import OTHER, route_of
from ui.metrics import Metrics
from ui.observer import STAGES, Asked, Observer
from ui.readiness import Readiness

SAID = "The plane came on 26 October."


@pytest.fixture
def assistant(library, embedder, settings, monkeypatch):
    monkeypatch.setattr(rag.answering, "written_confidence", lambda seen: 0.9)
    put(library, "news", TEXT, embedder)
    with Assistant(library, embedder, ScriptedModel(*[SAID] * 3), settings) as opened:
        yield opened


@pytest.fixture
def make(assistant):
    """Makes the application with settings of its own."""

    def made(readiness: Readiness | None = None, **options) -> TestClient:
        async def build():
            return create_app(assistant, assistant.settings.model_copy(update=options), readiness)

        return TestClient(asyncio.run(build()), base_url="http://127.0.0.1:7860")

    return made


def figures(page: str) -> dict[tuple[str, ...], float]:
    """Return the values of a page by their names and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def asked(answers: Answers, question: str = QUESTION) -> list:
    return list(answers.events(question, wanted=lambda: True, on_place=lambda _: None))


class TestReady:
    def test_an_open_library_is_ready(self, make) -> None:
        reply = make().get("/ready")
        told = {"status": "ready", "catalogue": "reachable", "model": "unasked"}
        assert (reply.status_code, reply.json()) == (200, told)

    def test_it_is_not_while_it_opens(self, make) -> None:
        opened = threading.Event()
        opening = threading.Thread(target=opened.wait)
        opening.start()
        client = make(Readiness(opening))
        assert (client.get("/ready").status_code, client.get("/ready").json()["status"]) == (503, "opening")
        opened.set()
        opening.join()
        assert client.get("/ready").status_code == 200

    def test_it_is_not_while_it_drains_but_answers(self, make) -> None:
        readiness = Readiness()
        client = make(readiness)
        assert readiness.drain(60)
        assert (client.get("/ready").status_code, client.get("/ready").json()["status"]) == (503, "draining")
        assert client.get("/health").status_code == 200
        assert not readiness.drained

    def test_it_is_not_while_the_catalogue_fails(self, make, assistant, monkeypatch) -> None:
        def fails(_key):
            raise StorageError("the server of the catalogue is gone: db.example.com")

        client = make()
        monkeypatch.setattr(assistant.library.catalog, "get_meta", fails)
        reply = client.get("/ready")
        assert (reply.status_code, reply.json()["catalogue"]) == (503, "unreachable")
        assert "example" not in reply.text
        monkeypatch.undo()
        assert client.get("/ready").status_code == 200

    def test_a_catalogue_that_hangs_is_asked_once(self, make, assistant, monkeypatch) -> None:
        answered, times = threading.Event(), []

        def hangs(_key):
            times.append(1)
            answered.wait()

        monkeypatch.setattr(ui.readiness, "PATIENCE_S", 0.01)
        client = make()
        monkeypatch.setattr(assistant.library.catalog, "get_meta", hangs)
        with client:  # one loop for all requests
            assert [client.get("/ready").status_code for _ in range(3)] == [503] * 3
            answered.set()
        assert len(times) == 1

    def test_a_model_that_does_not_answer_takes_nobody_out(self, assistant) -> None:
        answers, readiness = Answers(assistant), Readiness()
        asked(answers)
        assert asyncio.run(readiness.told(answers))[1]["model"] == "answers"
        assistant.chat_model.error = ModelUnavailable("the model is gone")
        with pytest.raises(ModelUnavailable):
            asked(answers)
        ready, told = asyncio.run(readiness.told(answers))
        assert (ready, told["model"]) == (True, "unavailable")

    def test_a_model_that_is_left_alone_is_told_as_paused(self, assistant) -> None:
        answers, readiness = Answers(assistant), Readiness()
        assistant.chat_model.error = ModelPaused("the model failed too often", again_s=600)
        with pytest.raises(ModelPaused):
            asked(answers)
        assert asyncio.run(readiness.told(answers))[1]["model"] == "paused"

    def test_an_embedder_that_is_away_says_nothing_of_the_model(self, assistant, monkeypatch) -> None:
        def away(_texts):
            raise ModelUnavailable("the embedder is gone")

        answers, readiness = Answers(assistant), Readiness()
        monkeypatch.setattr(assistant.embedder, "embed_questions", away)
        with pytest.raises(ModelUnavailable):
            asked(answers)
        assert asyncio.run(readiness.told(answers))[1]["model"] == "unasked"


class TestDraining:
    def test_without_seconds_it_ends_at_once(self) -> None:
        readiness = Readiness()
        assert not readiness.drain(0)
        assert readiness.drained

    def test_the_second_signal_ends_it_at_once(self) -> None:
        readiness = Readiness()
        assert readiness.drain(60)
        assert not readiness.drain(60)


class TestMetrics:
    def test_there_are_none_unless_they_are_wanted(self, make) -> None:
        assert make().get("/metrics").status_code == 404

    def test_they_are_not_for_those_behind_the_proxy(self, make) -> None:
        client = make(metrics=True)
        assert client.get("/metrics").status_code == 200
        assert client.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 404

    def test_they_are_what_prometheus_reads(self, make) -> None:
        reply = make(metrics=True).get("/metrics")
        assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert figures(reply.text)["footnote_draining",] == 0

    def test_the_stages_of_a_question_and_its_ending_are_counted(self, assistant) -> None:
        metrics = Metrics()
        asked(Answers(assistant, metrics))
        told = figures(metrics.page().decode())
        for stage in STAGES:
            assert told["footnote_question_stage_seconds_count", stage] == 1, stage
        for moment in "quotes", "first_word", "answer":
            assert told["footnote_question_seconds_count", moment] == 1
        assert told["footnote_questions_total", "answered"] == 1

    def test_a_refusal_and_an_error_are_counted_by_their_kind(self, assistant) -> None:
        metrics = Metrics()
        answers = Answers(assistant, metrics)
        asked(answers, "Which moons does Kurabar have?")
        assistant.chat_model.error = ModelUnavailable("the model at https://key@models.example is gone")
        with pytest.raises(ModelUnavailable):
            asked(answers)
        page = metrics.page().decode()
        told = figures(page)
        assert told["footnote_questions_total", "refused"] == 1
        assert told["footnote_questions_total", "failed"] == 1
        assert told["footnote_question_errors_total", "ModelUnavailable"] == 1
        assert told["footnote_question_stage_seconds_count", "dense"] == 2
        assert "example" not in page

    def test_a_question_that_waits_for_a_paused_model_is_counted_once(self, assistant) -> None:
        metrics, model = Metrics(), assistant.chat_model
        model.error = ModelPaused("the model failed too often", again_s=0.01)

        def goes_on(waits: bool) -> None:
            model.error = model.error if waits else None

        events = Answers(assistant, metrics).patient_events(
            QUESTION, wanted=lambda: True, on_place=lambda _: None, on_pause=goes_on
        )
        assert isinstance(list(events)[-1], AnswerFinished)
        told = figures(metrics.page().decode())
        assert told["footnote_questions_total", "answered"] == 1
        assert told["footnote_questions_total", "failed"] == 0
        assert told["footnote_question_errors_total", "ModelPaused"] == 0
        assert told["footnote_question_seconds_count", "quotes"] == 1

    def test_who_goes_away_is_told_as_left(self, assistant) -> None:
        metrics = Metrics()
        events = Answers(assistant, metrics).events(QUESTION, wanted=lambda: True, on_place=lambda _: None)
        assert isinstance(next(events), EvidenceFound)
        events.close()
        assert figures(metrics.page().decode())["footnote_questions_total", "left"] == 1

    def test_who_has_the_whole_answer_did_not_leave(self, assistant) -> None:
        metrics = Metrics()
        for event in Answers(assistant, metrics).events(
            QUESTION, wanted=lambda: True, on_place=lambda _: None
        ):
            if isinstance(event, AnswerFinished):
                break
        assert figures(metrics.page().decode())["footnote_questions_total", "answered"] == 1

    def test_an_error_of_no_kind_of_ours_has_one_name(self) -> None:
        metrics = Metrics()

        def fails():
            raise ZeroDivisionError
            yield

        with pytest.raises(ZeroDivisionError):
            list(Asked(metrics).follow(fails()))
        assert figures(metrics.page().decode())["footnote_question_errors_total", "Unexpected"] == 1

    def test_the_line_before_the_model_is_read_as_it_is(self, assistant) -> None:
        metrics = Metrics()
        answers = Answers(assistant, metrics)
        metrics.watch(answers, Readiness())
        with answers.turnstile.passed(lambda: True, lambda _: None):
            told = figures(metrics.page().decode())
            assert (told["footnote_line_writing",], told["footnote_line_waiting",]) == (1, 0)
        assert figures(metrics.page().decode())["footnote_line_writing",] == 0

    def test_what_is_added_is_counted_with_its_steps(self, tmp_path, embedder, settings) -> None:
        from ingest.pipeline import add

        paper, scan = tmp_path / "paper.txt", tmp_path / "broken.pdf"
        paper.write_text("A zebra came. The moon rose.")
        scan.write_bytes(b"%PDF-1.4 nothing")
        metrics = Metrics()
        with Library.open(tmp_path / "library", create=True) as library:
            add(library, [paper, scan], embedder, on_outcome=metrics.ingested, on_step=metrics.ingest_step)
        told = figures(metrics.page().decode())
        steps = {
            step: told["footnote_ingest_step_seconds_count", step] for step in ("chunk", "embed", "commit")
        }
        assert steps == {"chunk": 1, "embed": 1, "commit": 1}
        assert told["footnote_ingest_step_seconds_count", "parse"] == 2
        assert told["footnote_ingest_documents_total", "added"] == 1
        assert told["footnote_ingest_documents_total", "failed"] == 1
        assert told["footnote_ingest_passages_total",] == 1

    def test_an_upload_is_counted(self, make) -> None:
        client = make(metrics=True)
        with client:
            sent = client.post("/api/v1/documents", files={"file": ("zebra.txt", b"A zebra came.")})
            assert sent.status_code == 202
            for _ in range(200):
                told = figures(client.get("/metrics").text)
                if told.get(("footnote_ingest_documents_total", "added")):
                    break
                client.portal.call(asyncio.sleep, 0.1)
        assert told["footnote_ingest_documents_total", "added"] == 1
        assert told["footnote_ingest_step_seconds_count", "commit"] == 1

    def test_requests_are_counted_by_route_and_refusals_too(self, make) -> None:
        client = make(metrics=True)
        client.get("/documents/secret-plans/passage?start=0&end=3")
        client.get("/secret-plans")
        client.request("BREW", "/documents")
        page = client.get("/metrics").text
        told = figures(page)
        assert told["footnote_http_requests_total", "GET", "/documents", "404"] == 1
        assert told["footnote_http_requests_total", "GET", OTHER, "404"] == 1
        assert [key for key in told if key[:2] == ("footnote_http_requests_total", OTHER)]
        assert told["footnote_http_seconds_count", "/documents"] == 2
        assert told["footnote_http_open",] == 1  # this one
        assert "secret" not in page

    def test_two_servers_in_one_process_count_apart(self, assistant) -> None:
        one, other = Metrics(), Metrics()
        asked(Answers(assistant, one))
        assert figures(other.page().decode())["footnote_questions_total", "answered"] == 0

    def test_who_observes_nothing_needs_do_nothing(self, assistant) -> None:
        assert isinstance(asked(Answers(assistant, Observer()))[-1], AnswerFinished)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/ui/page.css", "static"),
        ("/gradio_api/theme.css", "static"),
        ("/gradio_api/queue/join", "/gradio_api/queue/join"),
        ("/gradio_api/queue/data", "/gradio_api/queue/data"),
        ("/gradio_api/heartbeat/abc", "/gradio_api/heartbeat"),
        ("/gradio_api/app_id", "/gradio_api"),
        ("/documents/x/passage", "/documents"),
        ("/api/v1/conversations/7/ask", "/api/v1/conversations"),
        ("/api/v1/whatever", "/api"),
        ("/v1/chat/completions", "/v1"),
        ("/ready", "/ready"),
        ("/nowhere", OTHER),
        ("/documents\n/x", OTHER),
    ],
)
def test_paths_are_counted_under_few_names(path: str, route: str) -> None:
    assert route_of(path) == route


def test_settings_refuse_a_time_that_is_none() -> None:
    with pytest.raises(ValueError, match="drain_s"):
        Settings(drain_s=-1)
