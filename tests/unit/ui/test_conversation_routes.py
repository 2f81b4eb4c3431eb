"""Routes of conversations over a real application, in process."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from fakes import TEXT, put
from fastapi import FastAPI
from fastapi.testclient import TestClient
from markup import parse

from rag.assistant import Assistant
from rag.people.conversation import Conversation, Scope
from rag.people.conversations import Conversations
from rag.people.feedback import Feedback
from ui.answers import Answers
from ui.conversation_list import day_of, render_conversations
from ui.conversation_routes import add_conversation_routes
from ui.exporting import file_name
from ui.runs import Runs
from ui.visitors import KEY

ONE, TWO = "1" * 32, "2" * 32
QUESTION = "When did the plane come from Libya?"


class As:
    """Middleware that takes whoever the header names for who is signed in."""

    def __init__(self, app) -> None:
        self._app = app

    async def __call__(self, scope, receive, send) -> None:
        scope[KEY] = dict(scope.get("headers", ())).get(b"x-user", b"").decode()
        await self._app(scope, receive, send)


@pytest.fixture
def assistant(library, embedder, scripted, settings):
    put(library, "news", TEXT, embedder)
    scripted.answers = ["The plane came on 26 October. Everyone cheered."]
    return Assistant(library, embedder, scripted, settings)


@pytest.fixture
def kept(assistant):
    conversations = Conversations(assistant.library.catalog)
    turn, _ = conversations.ask(ONE, "anna", QUESTION, Scope())
    conversations.finish(turn, "answered", assistant.ask(QUESTION))
    failed, _ = conversations.ask(ONE, "anna", "And *then*?", Scope("shelf"))
    conversations.finish(failed, "failed", error="the model is gone: ask again")
    conversations.ask(TWO, "bob", "Bob's own?", Scope())
    return conversations


@pytest.fixture
def client(assistant, kept):
    from ui.routes import add_routes

    app = FastAPI()
    add_routes(app, assistant)
    catalog = assistant.library.catalog
    add_conversation_routes(app, kept, Feedback(catalog), Runs(Answers(assistant), kept))
    app.add_middleware(As)
    with TestClient(app, headers={"x-user": "anna"}) as opened:
        yield opened


def test_a_conversation_is_listed_renamed_and_deleted(client):
    [listed] = client.get("/conversations").json()
    assert (listed["id"], listed["title"], listed["turns"]) == (ONE, QUESTION, 2)
    assert listed["collection"] == "shelf"
    assert (
        client.patch(f"/conversations/{ONE}", json={"title": " Libya \n again"}).json()["title"]
        == "Libya again"
    )
    assert client.patch(f"/conversations/{ONE}", json={"title": " "}).status_code == 422
    page = parse(client.get("/view/conversations").text)
    assert page.one(".side-open").text == "Libya again"
    assert [each["id"] for each in client.get("/conversations?q=cheered").json()] == [ONE]
    assert client.get("/view/conversations?q=zebra").text.count("No conversation has these words") == 1
    assert client.delete(f"/conversations/{ONE}").status_code == 204
    assert client.delete(f"/conversations/{ONE}").status_code == 404
    assert client.get("/conversations").json() == []


def test_it_is_exported_as_markdown_and_as_json(client):
    answer = client.get(f"/conversations/{ONE}/export.md")
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''When%20did")
    assert answer.text.startswith(f"# {QUESTION}\n\n**{QUESTION}**")
    assert "> A plane came from Libya on 26 October. [1]" in answer.text
    assert answer.text.endswith("*the model is gone: ask again*\n")
    exported = client.get(f"/conversations/{ONE}/export.json").json()
    assert [turn["state"] for turn in exported["turns"]] == ["answered", "failed"]
    assert exported["turns"][0]["answer"]["sentences"][0]["citations"][0]["quote"] in TEXT
    assert client.get(f"/conversations/{ONE}/export.pdf").status_code == 422


def test_verdicts_become_questions_that_an_evaluation_reads(client, kept, tmp_path):
    from rag.evaluation.readers import read

    right, _ = kept.turns(ONE, "anna")
    rate = f"/turns/{right.id}/feedback"
    assert client.put(rate, json={"verdict": "right"}).status_code == 204
    lines = client.get("/feedback.jsonl")
    assert json.loads(lines.text) == {"question": QUESTION, "document": ["news.txt"]}
    assert client.put(rate, json={"verdict": "wrong", "note": "27 October"}).status_code == 204
    file = tmp_path / "questions.jsonl"
    file.write_text(client.get("/feedback.jsonl").text)
    [question] = read([file])[0].questions
    assert (question.text, question.answers) == (QUESTION, ("27 October",))
    assert client.put(rate, json={"verdict": "should_have_refused"}).status_code == 204
    assert json.loads(client.get("/feedback.jsonl").text) == {"question": QUESTION, "answerable": False}
    assert client.put(rate, json={"verdict": "fine"}).status_code == 422
    assert client.put(rate, json={"verdict": ""}).status_code == 204
    assert client.get("/feedback.jsonl").text == ""


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/conversations/{ONE}", None),
        ("GET", f"/conversations/{ONE}/export.md", None),
        ("PATCH", f"/conversations/{ONE}", {"title": "x"}),
        ("DELETE", f"/conversations/{ONE}", None),
    ],
)
def test_another_users_is_as_good_as_none(client, kept, method: str, path: str, body):
    foreign = client.request(method, path, json=body, headers={"x-user": "bob"})
    missing = client.request(method, path.replace(ONE, "f" * 32), json=body, headers={"x-user": "bob"})
    assert (foreign.status_code, foreign.json()) == (404, missing.json())
    assert kept.get(ONE, "anna").title == QUESTION
    turn = kept.turns(ONE, "anna")[0].id
    answer = client.put(f"/turns/{turn}/feedback", json={"verdict": "wrong"}, headers={"x-user": "bob"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-05-20T23:59:00+00:00", "Today"),
        ("2026-05-19T00:00:00+00:00", "Yesterday"),
        ("2026-05-14T10:00:00+00:00", "This week"),
        ("2026-05-13T10:00:00+00:00", "May"),
        ("2026-01-01T10:00:00+00:00", "January"),
        ("2025-12-31T10:00:00+00:00", "December 2025"),
        ("2026-05-22T10:00:00+00:00", "Today"),
    ],
)
def test_days_are_named(moment: str, day: str):
    assert day_of(moment, datetime(2026, 5, 20, 12, tzinfo=UTC)) == day


def test_titles_are_words_and_nothing_else():
    hostile = Conversation(
        ONE, "<img src=x>\u202e", Scope(), "2026-05-20T00:00:00+00:00", "2026-05-20T00:00:00+00:00"
    )
    page = parse(render_conversations([hostile], datetime(2026, 5, 20, tzinfo=UTC)))
    assert not page.all("img")
    assert page.one(".side-open").text.startswith("<img src=x>")
    assert file_name("../../etc/passwd\u202e", ".md") == "etcpasswdU202E.md"
    assert file_name("///", ".md") == "conversation.md"
