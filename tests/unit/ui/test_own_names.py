from __future__ import annotations

import asyncio
import json

import pytest
from asgi import call
from starlette.requests import Request
from starlette.responses import JSONResponse

from ui.own_names import MOST_NAMES, OwnNames
from ui.visitors import KEY


@pytest.fixture
def own() -> OwnNames:
    return OwnNames()


def passed(own: OwnNames, user: str, method: str, target: str, body: object = None, answer: object = None):
    """Return what the application behind was called with, and the status of the answer."""
    seen = {}

    async def behind(scope, receive, send):
        request = Request(scope, receive)
        seen.update(path=scope["path"], raw=scope["raw_path"], query=scope["query_string"].decode())
        seen["body"] = await request.body()
        seen["length"] = request.headers.get("content-length")
        await JSONResponse(answer)(scope, receive, send)

    async def gate(scope, receive, send):
        await own.call(behind, {**scope, KEY: user}, receive, send)

    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = asyncio.run(call(gate, method, target, {"content-type": "application/json"}, content))
    return seen, reply.status


def test_a_name_is_the_same_for_one_user_and_another_for_others(own) -> None:
    assert own.name("anna", "h") == own.name("anna", "h")
    assert len({own.name("anna", "h"), own.name("bob", "h"), own.name("anna", "i"), "h"}) == 4
    assert OwnNames().name("anna", "h") != own.name("anna", "h")


@pytest.mark.parametrize(
    ("method", "target", "body", "part", "expected"),
    [
        ("GET", "/gradio_api/queue/data?session_hash=h", None, "query", "session_hash={}"),
        (
            "GET",
            "/gradio_api/queue/data?session_hash=x&session_hash=h",
            None,
            "query",
            "session_hash={}",
        ),
        ("GET", "/gradio_api/heartbeat/h", None, "path", "/gradio_api/heartbeat/{}"),
        ("GET", "/documents/h?session_hash=h", None, "query", "session_hash=h"),
    ],
)
def test_what_a_browser_names_is_named_anew(own, method, target, body, part, expected) -> None:
    seen, status = passed(own, "anna", method, target, body)
    assert status == 200
    assert seen[part] == expected.format(own.name("anna", "h"))


def test_of_a_body_with_two_names_one_counts_and_only_that_goes_on(own) -> None:
    twice = b'{"session_hash": "theirs", "data": [], "session_hash": "h", "event_id": "e"}'
    seen, _ = passed(own, "anna", "POST", "/gradio_api/queue/join", twice, {"event_id": "made"})
    assert json.loads(seen["body"]) == {"session_hash": own.name("anna", "h"), "data": []}
    assert int(seen["length"]) == len(seen["body"])


def test_what_gradio_names_is_remembered_by_user(own) -> None:
    passed(own, "anna", "POST", "/gradio_api/queue/join", {"data": []}, {"event_id": "e"})
    cancel = {"session_hash": "h", "fn_index": 0, "event_id": "e"}
    assert passed(own, "anna", "POST", "/gradio_api/cancel", cancel)[1] == 200
    assert passed(own, "bob", "POST", "/gradio_api/cancel", cancel)[1] == 404


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ([["words"], {"key": "value"}], 200),
        ([[{"path": "/etc/passwd"}]], 404),
        ({"deep": [{"deeper": {"path": None}}]}, 404),
    ],
)
def test_no_event_names_a_file(own, data, status: int) -> None:
    assert passed(own, "anna", "POST", "/gradio_api/queue/join", {"data": data}, {})[1] == status


def test_the_names_of_one_user_are_bounded_and_do_not_push_out_others(own) -> None:
    own._remember("bob", {"event_id": "bobs"})
    for n in range(MOST_NAMES + 1):
        own._remember("anna", {"event_id": str(n)})
    assert not own._knows("anna", "0")
    assert own._knows("anna", "1")
    assert own._knows("bob", "bobs")


@pytest.mark.parametrize("route", ["queue/status", "call/answer", "file=/etc/passwd", "run/x", "stream/x"])
def test_what_is_not_known_is_not_found(own, route) -> None:
    assert passed(own, "anna", "GET", f"/gradio_api/{route}")[1] == 404
