"""The API over a real library, in process; who calls is said by a header, as the gate would."""

from __future__ import annotations

import json
import time
from dataclasses import fields

import pytest
from fakes import QUESTION, TEXT, ScriptedModel, put
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from ingest.limits import Limits
from rag.assistant import Assistant
from rag.errors import LibraryInUse, ModelPaused, ModelUnavailable
from rag.people.collections import Collections
from rag.people.conversation import UNTITLED
from rag.people.conversations import Conversations
from rag.types import Document
from rag.wire import answer_from_dict, event_from_dict
from ui.answers import UNEXPECTED, Answers
from ui.api import MOST_BYTES, make_api
from ui.api_bodies import AnswerBody, DocumentBody
from ui.api_models import Identity
from ui.api_parts import Parts
from ui.asking import Asking
from ui.intake import Intake
from ui.runs import Runs
from ui.visitors import EVERYBODY, KEY

SAYS = "The plane came on 26 October."


class As:
    """Middleware that takes whoever the header names for the visitor."""

    def __init__(self, app) -> None:
        self._app = app

    async def __call__(self, scope, receive, send) -> None:
        name = dict(scope.get("headers", ())).get(b"x-user", b"").decode()
        await self._app({**scope, KEY: name}, receive, send)


class World:
    """An API, what it works with, and clients."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant, self.library = assistant, assistant.library
        self.model = assistant._chat_model
        kept = Conversations(self.library.catalog)
        self.answers = Answers(assistant)
        self.runs = Runs(self.answers, kept)
        limits = Limits.of(assistant.settings)
        self.intake = Intake(self.library, assistant.embedder, limits)
        asking = Asking(assistant, kept, self.runs)
        self.app = As(make_api(Parts(assistant, self.answers, asking, kept, self.runs, self.intake)))

    def __call__(self, user: str = "") -> TestClient:
        return TestClient(self.app, headers={"x-user": user}, raise_server_exceptions=False)


@pytest.fixture
def world(library, embedder, settings):
    put(library, "news", TEXT, embedder)
    for user in ("anna", "bob"):
        place = (library.path / f"uploads/@{user}/own.txt").absolute().as_uri()
        put(library, f"{user}s", f"The plane of {user} came on 3 May.", embedder, uri=place)
    with Assistant(library, embedder, ScriptedModel(SAYS, SAYS, SAYS), settings) as assistant:
        made = World(assistant)
        yield made
        made.intake.stop()


def events_of(reply) -> list[tuple[str, dict]]:
    found = []
    for block in reply.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


# -- asking --------------------------------------------------------------------------------------------------


def test_a_question_gets_the_answer_that_every_door_gives(world):
    reply = world().post("/ask", json={"question": f"  {QUESTION} "})
    assert reply.status_code == 200
    answer = answer_from_dict(reply.json())
    assert (answer.question, answer.text, answer.model) == (QUESTION, SAYS, "scripted")
    assert answer.sentences[0].citations[0].quote in TEXT
    AnswerBody.model_validate(reply.json())  # what OpenAPI says, no more and no less


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param({"stream": True}, {}, id="asked for in the body"),
        pytest.param({}, {"accept": "text/event-stream"}, id="asked for by the header"),
    ],
)
def test_events_come_as_the_wire_writes_them(world, body, headers):
    reply = world().post("/ask", json={"question": QUESTION} | body, headers=headers)
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = events_of(reply)
    assert [name for name, _ in events] == [event["type"] for _, event in events]
    assert [name for name, _ in events][0] == "evidence"
    assert [name for name, _ in events][-1] == "answer"
    assert "".join(event["text"] for name, event in events if name == "text") == SAYS
    assert event_from_dict(events[-1][1]).answer.text == SAYS


def test_what_is_wrong_with_a_question_is_a_status_before_anything_is_streamed(world, monkeypatch):
    def busy(*_, **__):
        raise LibraryInUse("the library is busy: try again")

    monkeypatch.setattr("rag.retrieval.sources.search", busy)
    for stream in (True, False):
        reply = world().post("/ask", json={"question": QUESTION, "stream": stream})
        assert (reply.status_code, reply.json()) == (503, {"detail": "the library is busy: try again"})
        assert reply.headers["retry-after"] == "2"


def broken(*_, **__):
    raise ZeroDivisionError("secret")


def test_an_error_after_the_beginning_is_an_event(world, monkeypatch):
    world.model.error = ModelUnavailable("the model does not answer: ask again")
    reply = world().post("/ask", json={"question": QUESTION, "stream": True})
    assert reply.status_code == 200
    assert events_of(reply)[-1] == (
        "error",
        {"type": "error", "detail": "the model does not answer: ask again"},
    )
    assert world().post("/ask", json={"question": QUESTION}).status_code == 503
    monkeypatch.setattr(world.assistant, "stream", broken)
    reply = world().post("/ask", json={"question": QUESTION})
    assert (reply.status_code, reply.json()) == (500, {"detail": UNEXPECTED})


@pytest.mark.parametrize(("again_s", "header"), [(11.2, "12"), (None, "2")])
def test_a_model_that_is_left_alone_says_when_to_come_again(world, again_s, header):
    world.model.error = ModelPaused("the model x is left alone for now", again_s=again_s)
    reply = world().post("/ask", json={"question": QUESTION})
    assert (reply.status_code, reply.headers["retry-after"]) == (503, header)
    events = events_of(world().post("/ask", json={"question": QUESTION, "stream": True}))
    assert [kind for kind, _ in events] == ["evidence", "error"]
    assert events[0][1]["quotes"]


def test_history_is_taken_into_account(world):
    history = [{"question": "Who spoke about oil?", "answer": "The minister."}]
    reply = world().post("/ask", json={"question": "And when did the plane come?", "history": history})
    assert reply.status_code == 200
    assert any("Who spoke about oil?" in text for text in world.model.calls[-1][0])


def test_only_what_is_named_is_searched_and_only_what_the_visitor_may_see(world):
    def found(user, **scope):
        reply = world(user).post("/ask", json={"question": QUESTION, **scope})
        return reply.status_code, {each["document_id"] for each in reply.json().get("passages", ())}

    world.model.answers = [SAYS] * 10
    assert found("", documents=["annas"]) == (200, {"annas"})
    assert found("anna")[1] == {"news", "annas"}
    assert found(EVERYBODY)[1] == {"news"}
    assert found("anna", documents=["bobs"]) == (404, set())
    assert found(EVERYBODY, documents=["annas"]) == (404, set())
    shelf = Collections(world.library.catalog).create("May", "anna")
    Collections(world.library.catalog).add(shelf.id, ["annas"], "anna")
    assert found("anna", collection=shelf.id) == (200, {"annas"})
    assert found("anna", collection=f" {shelf.name.upper()} ") == (200, {"annas"})
    [told] = world("anna").get("/collections").json()["collections"]
    assert (told["id"], told["name"], told["n_documents"]) == (shelf.id, shelf.name, 1)
    assert shelf.id not in world("bob").get("/collections").text
    assert found("bob", collection=shelf.id)[0] == 404
    Collections(world.library.catalog).take(shelf.id, ["annas"], "anna")
    assert found("anna", collection=shelf.id)[0] == 422


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        pytest.param("{", 400, "the body is no JSON", id="no JSON"),
        pytest.param("[]", 422, "the body: ", id="no object"),
        pytest.param("{}", 422, "question: field required", id="nothing asked"),
        pytest.param('{"question": " "}', 422, "question: string should have at least 1", id="blank"),
        pytest.param(json.dumps({"question": "x" * 4001}), 422, "question: string should", id="too long"),
        pytest.param('{"question": "x", "temperature": 1}', 422, "temperature: extra inputs", id="unknown"),
        pytest.param('{"question": "\\ud800"}', 422, "question: ", id="half a character"),
        pytest.param('{"question": "x", "documents": ["../x"]}', 422, "documents.0: string", id="a path"),
        pytest.param(
            '{"question": "x", "documents": ["a"], "collection": "b"}',
            422,
            "the body: name documents or a collection, not both",
            id="both",
        ),
        pytest.param(json.dumps({"question": "x" * MOST_BYTES}), 413, "larger than 4 MB", id="a book"),
        pytest.param('{"question": "x", "history": [{"role": "user"}]}', 422, "history.0.", id="other form"),
    ],
)
def test_what_will_not_do_is_one_line_of_words(world, content, status, words):
    reply = world().post("/ask", content=content, headers={"content-type": "application/json"})
    assert reply.status_code == status
    assert words in reply.json()["detail"]
    assert "\n" not in reply.json()["detail"]


def test_a_search_finds_passages_and_writes_no_answer(world):
    reply = world("anna").get("/search", params={"q": "plane", "k": 2})
    assert [each["document_id"] for each in reply.json()["passages"]] != []
    assert {each["document_id"] for each in reply.json()["passages"]} <= {"news", "annas"}
    assert len(reply.json()["passages"]) == 2
    assert world.model.calls == []
    narrowed = world("anna").get("/search", params={"q": "plane", "document": ["annas"]}).json()
    assert {each["document_id"] for each in narrowed["passages"]} == {"annas"}
    assert world("anna").get("/search", params={"q": "plane", "document": "bobs"}).status_code == 404
    assert world().get("/search", params={"q": "x", "k": 51}).status_code == 422
    both = world().get("/search", params={"q": "x", "document": "news", "collection": "shelf"})
    assert (both.status_code, both.json()["detail"]) == (422, "name documents or a collection, not both")


def test_too_many_answers_at_a_time_are_told_to_come_again(world, monkeypatch):
    monkeypatch.setattr("ui.answers.MOST", 0)
    reply = world().post("/ask", json={"question": QUESTION})
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "2")


def test_no_answer_is_begun_once_the_server_ends(world):
    world.answers.stop_all()
    reply = world().post("/ask", json={"question": QUESTION})
    assert reply.status_code == 503
    assert "ends before the answer was complete" in reply.json()["detail"]


# -- documents -----------------------------------------------------------------------------------------------


def test_documents_are_listed_in_pages_and_read(world):
    listed = world("anna").get("/documents").json()
    assert [each["id"] for each in listed["documents"]] == ["annas", "news"]
    assert (listed["total"], listed["page"], listed["pages"]) == (2, 1, 1)
    assert world("anna").get("/documents", params={"q": "news"}).json()["total"] == 1
    assert world("anna").get("/documents", params={"kind": "pdf"}).json()["documents"] == []
    assert world("anna").get("/documents", params={"page": 2}).json()["documents"] == [], (
        "no page comes twice"
    )
    assert world("anna").get("/documents", params={"since": "May"}).status_code == 422
    assert world("anna").get("/documents", params={"sort": "x"}).status_code == 422
    one = world("anna").get("/documents/annas").json()
    assert DocumentBody.model_validate(one).n_passages == 1
    assert world("anna").get("/documents/annas/text").text == "The plane of anna came on 3 May."


@pytest.mark.parametrize("path", ["/documents/{}", "/documents/{}/text", "/passages/{}"])
def test_what_is_anothers_is_as_good_as_none(world, path):
    [passage] = world.library.catalog.passage_ids_of(["bobs"])
    own = passage if "passages" in path else "bobs"
    found = world("bob").get(path.format(own))
    foreign, missing = world("anna").get(path.format(own)), world("anna").get(path.format("nowhere"))
    assert (found.status_code, foreign.status_code, missing.status_code) == (200, 404, 404)
    assert foreign.json()["detail"].replace(own, "nowhere") == missing.json()["detail"]


def test_a_user_removes_what_is_theirs(world):
    assert world("anna").delete("/documents/bobs").status_code == 404
    assert world("anna").delete("/documents/news").status_code == 422
    assert world(EVERYBODY).delete("/documents/news").status_code == 422
    assert world("anna").delete("/documents/annas").status_code == 204
    assert {document.id for document in world.library.documents()} == {"news", "bobs"}


def until_read(client, job: str) -> dict:
    end = time.monotonic() + 60
    while (told := client.get(f"/jobs/{job}").json())["state"] not in ("done", "unchanged", "failed"):
        assert time.monotonic() < end, told
        time.sleep(0.05)
    return told


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"params": {"path": "deep/moon.txt"}, "content": b"The moon is far."}, id="raw"),
        pytest.param(
            {"files": {"file": ("deep/moon.txt", b"The moon is far.")}}, id="form, named by its file"
        ),
        pytest.param(
            {"params": {"path": "deep/moon.txt"}, "files": {"any": ("x.txt", b"The moon is far.")}},
            id="form, named by the query",
        ),
    ],
)
def test_a_file_goes_through_the_pages_queue_into_the_library(world, sent):
    client = world("anna")
    reply = client.post("/documents", **sent)
    assert reply.status_code == 202
    job = reply.json()["id"]
    assert reply.headers["location"] == f"/api/v1/jobs/{job}"
    assert reply.json()["path"] == "deep/moon.txt"
    told = until_read(client, job)
    assert (told["state"], told["passages"], told["size"]) == ("done", 1, 16)
    assert client.get(f"/documents/{told['document_id']}/text").text == "The moon is far."
    assert world("bob").get(f"/jobs/{job}").status_code == 404
    assert world("bob").get("/jobs").json() == {"jobs": []}
    assert world("bob").get(f"/documents/{told['document_id']}").status_code == 404
    assert client.delete(f"/jobs/{job}").status_code == 204
    assert client.get("/jobs").json() == {"jobs": []}


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        pytest.param({"content": b"x"}, 422, "the file has no name", id="no name"),
        pytest.param({"params": {"path": "x.exe"}, "content": b"x"}, 415, "x.exe", id="a kind not read"),
        pytest.param({"params": {"path": "a/" * 20 + "x.txt"}, "content": b"x"}, 422, "folders", id="deep"),
        pytest.param(
            {"params": {"path": "x.txt", "collection": "none"}, "content": b"x"}, 404, "none", id="collection"
        ),
        pytest.param({"params": {"path": "x.txt"}, "content": b"x" * 2_000_000}, 413, "1 MB", id="large"),
        pytest.param({"files": {"f": ("x.txt", b"x" * 2_000_000)}}, 413, "1 MB", id="large form"),
        pytest.param({"files": {"f": (None, b"x")}}, 422, "no file in the form", id="no file"),
        pytest.param(
            {"files": [("a", ("a.txt", b"x")), ("b", ("b.txt", b"x"))]}, 422, "one file", id="two files"
        ),
        pytest.param(
            {"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 422, "form", id="no form"
        ),
    ],
)
def test_a_file_that_will_not_do_leaves_nothing(library, embedder, settings, sent, status, words):
    with Assistant(library, embedder, None, settings.model_copy(update={"max_file_mb": 1})) as assistant:
        world = World(assistant)
        reply = world().post("/documents", **sent)
        assert reply.status_code == status, reply.text
        assert words in reply.json()["detail"]
        assert world().get("/jobs").json() == {"jobs": []}
        assert not list((library.path / "uploads").rglob("*.*"))
        world.intake.stop()


# -- conversations -------------------------------------------------------------------------------------------


def test_a_conversation_is_begun_asked_in_read_and_deleted(world):
    client = world("anna")
    made = client.post("/conversations", json={"documents": ["news"]})
    talk = made.json()["id"]
    assert (made.status_code, made.headers["location"]) == (201, f"/api/v1/conversations/{talk}")
    assert (made.json()["title"], made.json()["documents"]) == (UNTITLED, ["news"])
    turn = client.post(f"/conversations/{talk}/ask", json={"question": QUESTION}).json()
    assert (turn["state"], turn["answer"]["answer"]) == ("answered", SAYS)
    assert {each["document_id"] for each in turn["answer"]["passages"]} == {"news"}
    events = events_of(
        client.post(f"/conversations/{talk}/ask", json={"question": "And the embassy?", "stream": True})
    )
    assert ([name for name, _ in events][0], events[-1][0]) == ("evidence", "answer")
    assert "".join(event["text"] for name, event in events if name == "text") == SAYS
    whole = client.get(f"/conversations/{talk}").json()
    assert [each["question"] for each in whole["turns"]] == [QUESTION, "And the embassy?"]
    assert whole["turns"][0] == turn
    assert whole["conversation"]["title"] == QUESTION
    [listed] = client.get("/conversations", params={"q": "october"}).json()["conversations"]
    assert (listed["id"], listed["turns"]) == (talk, 2)
    assert client.delete(f"/conversations/{talk}").status_code == 204
    assert client.get(f"/conversations/{talk}").status_code == 404


@pytest.mark.parametrize(
    ("method", "more", "body"),
    [("GET", "", None), ("DELETE", "", None), ("POST", "/ask", {"question": QUESTION})],
)
def test_another_users_conversation_is_as_good_as_none(world, method, more, body):
    talk = world("anna").post("/conversations", json={"title": "Mine"}).json()["id"]
    for who, which in (("bob", talk), ("bob", "f" * 32), (EVERYBODY, talk)):
        reply = world(who).request(method, f"/conversations/{which}{more}", json=body)
        assert (reply.status_code, "no such conversation" in reply.text) == (404, True)
    assert world("anna").get(f"/conversations/{talk}").json()["conversation"]["title"] == "Mine"
    assert world("bob").get("/conversations").json() == {"conversations": []}
    assert world("anna").request("GET", "/conversations/x").status_code == 422


def test_what_goes_wrong_in_a_conversation_is_a_status_and_is_kept(world, monkeypatch):
    talk = world().post("/conversations", json={}).json()["id"]
    world.model.error = ModelUnavailable("the model does not answer: ask again")
    reply = world().post(f"/conversations/{talk}/ask", json={"question": QUESTION})
    assert (reply.status_code, reply.json()["detail"]) == (503, "the model does not answer: ask again")
    streamed = world().post(f"/conversations/{talk}/ask", json={"question": QUESTION, "stream": True})
    assert events_of(streamed)[-1][0] == "error"
    monkeypatch.setattr(world.assistant, "stream", broken)
    reply = world().post(f"/conversations/{talk}/ask", json={"question": QUESTION})
    assert (reply.status_code, reply.json()) == (500, {"detail": UNEXPECTED})
    assert [turn["state"] for turn in world().get(f"/conversations/{talk}").json()["turns"]] == ["failed"] * 3


def test_a_conversation_that_is_being_answered_takes_no_other_question(world, monkeypatch):
    talk = world().post("/conversations", json={}).json()["id"]
    monkeypatch.setattr(world.runs, "running", lambda _: object())
    monkeypatch.setattr("ui.asking.Asking.resume", lambda *_: ([], object()))
    reply = world().post(f"/conversations/{talk}/ask", json={"question": QUESTION})
    assert reply.status_code == 409
    assert "still being answered" in reply.json()["detail"]


# -- the description -----------------------------------------------------------------------------------------


def test_the_description_names_every_route_and_what_each_can_answer(world):
    told = world().get("/openapi.json").json()
    operations = {
        (method.upper(), path): each for path, of in told["paths"].items() for method, each in of.items()
    }
    assert set(operations) == {
        ("POST", "/ask"),
        ("GET", "/search"),
        ("GET", "/documents"),
        ("POST", "/documents"),
        ("GET", "/documents/{document_id}"),
        ("DELETE", "/documents/{document_id}"),
        ("GET", "/documents/{document_id}/text"),
        ("GET", "/collections"),
        ("GET", "/passages/{passage_id}"),
        ("GET", "/jobs"),
        ("GET", "/jobs/{job_id}"),
        ("DELETE", "/jobs/{job_id}"),
        ("GET", "/conversations"),
        ("POST", "/conversations"),
        ("GET", "/conversations/{conversation_id}"),
        ("DELETE", "/conversations/{conversation_id}"),
        ("POST", "/conversations/{conversation_id}/ask"),
    }
    for operation in operations.values():
        assert {"400", "401", "422", "429", "500", "503"} <= set(operation["responses"])
        assert operation["security"] == [{"key": []}]
        assert operation["summary"] != operation["summary"].title()
        assert operation["tags"]
    assert "404" in operations["POST", "/ask"]["responses"]
    assert "409" in operations["POST", "/conversations/{conversation_id}/ask"]["responses"]
    for name in ("Ask", "AnswerBody", "Problem", "Begin"):
        assert told["components"]["schemas"][name]["additionalProperties"] is False


def test_no_page_loads_scripts_from_elsewhere(world):
    page = world().get("/docs")
    assert page.status_code == 200
    assert "://" not in page.text.replace("http://www.w3.org", "")
    assert world().get("/docs-parts/swagger-ui-bundle.js").status_code == 200
    assert world().get("/redoc").status_code == 404


def test_a_wrong_address_or_method_is_told_in_json(world):
    assert world().get("/nowhere").json() == {"detail": "Not Found"}
    reply = world().delete("/ask")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")


def test_documents_are_described_as_they_are():
    assert set(DocumentBody.model_fields) == {field.name for field in fields(Document)}


@given(st.text(max_size=100))
def test_no_identity_is_a_path(words):
    from pydantic import TypeAdapter, ValidationError

    try:
        taken = TypeAdapter(Identity).validate_python(words)
    except ValidationError:
        return
    assert taken.isascii()
    assert not set(taken) & set("/\\.%\0\n ")
