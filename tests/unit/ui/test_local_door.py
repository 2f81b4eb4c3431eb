from __future__ import annotations

import json
import threading

import httpx
import pytest
from fakes import ScriptedModel, put
from local_doors import door_of, until
from starlette.requests import Request

from rag.assistant import Assistant
from rag.errors import StorageError
from ui.answers import UNEXPECTED
from ui.local_door import LocalDoor, refusal


@pytest.fixture
def opened(library, embedder, settings):
    put(library, "news", "A plane came from Libya.", embedder)
    with Assistant(library, embedder, None, settings) as assistant, door_of(assistant) as opened:
        yield opened


def ask(opened, path="ask", *, body=b'{"question": "Where did the plane come from?"}', **headers):
    shown = {"Authorization": f"Bearer {opened.local.secret}"} | headers
    method = "GET" if path == "hello" else "POST"
    return httpx.request(method, f"{opened.address}/local/{path}", content=body, headers=shown)


def lines(response) -> list[dict]:
    return [json.loads(line) for line in response.iter_lines()]


def test_who_shows_the_secret_is_answered_line_by_line(opened) -> None:
    response = ask(opened)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["cache-control"] == "no-store"
    told = [line["type"] for line in lines(response) if line["type"] != "alive"]
    assert told[0] == "begun"
    assert told[1] == "evidence"
    assert told[-1] == "answer"
    assert ask(opened, "hello").json()["settings"]["llm"] == "none"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Authorization": "Bearer wrong"}, 401, id="another secret"),
        pytest.param({"Authorization": ""}, 401, id="none"),
        pytest.param({"Authorization": "Basic eDp5"}, 401, id="another scheme"),
        pytest.param({"Cookie": "footnote=x"}, 403, id="a browser's cookie"),
        pytest.param({"Origin": "http://evil.example"}, 403, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 403, id="our own page"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="another page"),
        pytest.param({"X-Forwarded-For": "10.0.0.9"}, 403, id="through a proxy"),
        pytest.param({"Host": "evil.example"}, 421, id="a name that points here"),
    ],
)
@pytest.mark.parametrize("path", ["ask", "add", "stop", "hello", "nothing"])
def test_others_are_refused(opened, path, headers, status) -> None:
    assert ask(opened, path, **headers).status_code == status


def test_the_secret_does_not_help_from_another_machine() -> None:
    scope = {"type": "http", "path": "/local/ask", "headers": [(b"authorization", b"Bearer s")]}
    assert refusal(Request(scope | {"client": ("127.0.0.1", 5)}), "s") is None
    for client in (("10.0.0.9", 5), ("testclient", 5), None):
        assert refusal(Request(scope | {"client": client}), "s").status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("nothing", b"{}", 404, id="no such thing"),
        pytest.param("ask", b"{", 422, id="no JSON"),
        pytest.param("ask", b"[]", 422, id="no object"),
        pytest.param("ask", b"\xff", 422, id="no text"),
        pytest.param("stop", b'{"id": "unknown"}', 204, id="nothing to stop"),
    ],
)
def test_what_cannot_be_asked_is_refused(opened, path, body, status) -> None:
    assert ask(opened, path, body=body).status_code == status


def test_what_is_not_for_the_door_passes(opened) -> None:
    assert httpx.get(opened.address).text == "the page"


def test_what_fails_is_the_last_line(opened, caplog) -> None:
    def full(_asked, tell, _stopping) -> None:
        tell({"type": "progress"})
        raise StorageError("no space: make some")

    def broken(_asked, _tell, _stopping) -> None:
        raise ZeroDivisionError

    opened.local._works = {"full": full, "broken": broken}
    assert lines(ask(opened, "full"))[1:] == [
        {"type": "progress"},
        {"type": "error", "kind": "StorageError", "message": "no space: make some"},
    ]
    assert lines(ask(opened, "broken"))[-1] == {
        "type": "error",
        "kind": "FootnoteError",
        "message": UNEXPECTED,
    }
    assert "ZeroDivisionError" in caplog.text


def test_who_leaves_stops_what_was_asked(opened) -> None:
    stopped = threading.Event()

    def long(_asked, _tell, stopping) -> None:
        until(stopping)
        stopped.set()

    opened.local._works = {"long": long}
    headers = {"Authorization": f"Bearer {opened.local.secret}"}
    with httpx.stream("POST", f"{opened.address}/local/long", json={}, headers=headers) as response:
        told = (json.loads(line)["type"] for line in response.iter_lines())
        assert [next(told), next(told)] == ["begun", "alive"]
    assert stopped.wait(10)
    until(lambda: not opened.local._errands)


def test_at_the_end_of_the_server_nobody_is_kept_waiting(opened) -> None:
    let_go, done = threading.Event(), threading.Event()

    def storing(_asked, tell, _stopping) -> None:
        tell({"type": "progress"})
        let_go.wait(20)
        done.set()

    opened.local._works = {"storing": storing}
    told: list[dict] = []
    asking = threading.Thread(target=lambda: told.extend(lines(ask(opened, "storing", body=b"{}"))))
    asking.start()
    until(lambda: opened.local._errands)
    opened.local.halt()
    asking.join(10)
    assert told[-1]["kind"] == "ServerGone"
    assert ask(opened, "storing", body=b"{}").status_code == 503
    opened.local.join(0.1)  # not for ever
    assert not done.is_set()
    let_go.set()
    opened.local.join()
    assert done.is_set()


def test_each_door_has_a_secret_of_its_own(settings) -> None:
    assert LocalDoor({}, settings).secret != LocalDoor({}, settings).secret


def test_a_question_waits_for_its_turn_at_the_model(library, embedder, settings) -> None:
    put(library, "news", "A plane came from Libya.", embedder)
    model = ScriptedModel("A plane came from Libya [1].")
    with Assistant(library, embedder, model, settings) as assistant, door_of(assistant) as opened:
        answers: list[dict] = []
        asking = threading.Thread(target=lambda: answers.extend(lines(ask(opened))))
        with opened.turnstile.passed(lambda: True, lambda _: None):
            asking.start()
            until(lambda: len(opened.turnstile._queue) == 2)
            assert not model.calls
        asking.join(20)
    assert [line["place"] for line in answers if line["type"] == "place"] == [1, 0]
    assert answers[-1]["answer"]["model"] == "scripted"
