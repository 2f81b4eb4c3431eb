"""Keys at the gate: who is let in, as whom, how often, and what is told to the others."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgi import call
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import LibraryInUse
from rag.people.api_keys import ApiKeys
from rag.people.limits import Limits
from rag.people.sessions import Sessions
from rag.people.users import Users
from ui.bearers import Bearers
from ui.gate import Gate
from ui.refusals import is_api
from ui.sign_ins import SignIns
from ui.visitors import EVERYBODY, KEY

PASSWORD = "correct horse battery"  # noqa: S105


async def echo(scope, receive, send) -> None:
    """Answer with the visitor's name."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope[KEY].encode()})


class Door:
    """A gate before an application that tells who came in."""

    def __init__(self, library, *, auth: bool) -> None:
        Users(library.catalog).add("anna", PASSWORD)
        self.library = library
        self.keys = ApiKeys(library.catalog)
        self.annas = self.keys.add("annas", "anna", 3)
        self.nobodys = self.keys.add("nobodys", "", 3)
        self.sign_ins = SignIns.over(library) if auth else None
        bearers = Bearers(self.keys, Limits(library.catalog), needed=auth)
        self.gate = Gate(echo, self.sign_ins, bearers)

    def __call__(self, method: str, path: str, key: str = "", *, scheme="Bearer", address="10.1.1.1", **more):
        headers = {"authorization": f"{scheme} {key}"} if key else {}
        return asyncio.run(call(self.gate, method, path, headers | more, client=address))


@pytest.fixture
def door(library) -> Door:
    return Door(library, auth=True)


@pytest.fixture
def open_door(library) -> Door:
    return Door(library, auth=False)


def header(reply, name: str) -> str:
    return dict(reply.headers).get(name, "")


@pytest.mark.parametrize("path", ["/api/v1/ask", "/api/v1", "/v1/chat/completions", "/mcp", "/mcp/"])
def test_a_program_without_a_key_is_refused_in_json_and_never_led_elsewhere(door, path) -> None:
    for method in ("GET", "POST", "DELETE"):
        reply = door(method, path, accept="text/html", **{"sec-fetch-mode": "navigate"})
        assert reply.status == 401
        assert header(reply, "www-authenticate") == 'Bearer realm="Footnote"'
        assert b"needs an API key, sent as 'Authorization: Bearer fn_" in reply.body


def test_a_key_stands_for_its_user_at_the_api_and_nowhere_else(door) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert door("GET", "/api/v1/documents", door.annas, scheme=scheme).body == b"anna"
    assert door("DELETE", "/api/v1/documents/x", door.annas).body == b"anna"
    assert door("GET", "/api/v1/documents", door.annas, scheme="Basic").status == 401
    for path in ("/documents", "/me", "/", "/api/v2", "/apiv1", "/v10/x"):
        assert door("GET", path, door.annas).status == 401, path


def test_a_key_that_stands_for_nobody_asks_and_changes_nothing(door) -> None:
    for method, path in (
        ("GET", "/api/v1/search"),
        ("POST", "/api/v1/ask"),
        ("POST", "/v1/chat/completions"),
    ):
        assert door(method, path, door.nobodys).body == EVERYBODY.encode()
    for method, path in (
        ("POST", "/api/v1/documents"),
        ("DELETE", "/api/v1/documents/x"),
        ("POST", "/api/v1/conversations"),
        ("POST", "/api/v1/ask/x"),
        ("PUT", "/api/v1/documents/x/title"),
    ):
        reply = door(method, path, door.nobodys)
        assert reply.status == 403
        assert b"'nobodys' stands for no user and changes nothing: use one made with --user" in reply.body


def test_a_removed_key_is_wrong_from_the_next_request_on(door) -> None:
    assert door("GET", "/api/v1", door.annas).status == 200
    door.keys.remove("annas")
    reply = door("GET", "/api/v1", door.annas)
    assert (reply.status, header(reply, "www-authenticate")) == (
        401,
        'Bearer realm="Footnote", error="invalid_token"',
    )


def test_wrong_keys_lock_an_address_as_wrong_passwords_do(door) -> None:
    for n in range(5):
        assert door("GET", "/api/v1", f"fn_wrong{n}").status == 401
    locked = door("GET", "/api/v1", "fn_wrong")
    assert locked.status == 429
    assert 0 < int(header(locked, "retry-after")) <= 60
    assert b"too many wrong keys or passwords from this address: wait" in locked.body
    assert asyncio.run(door.sign_ins.begin("anna", PASSWORD, "10.1.1.1")).seconds > 0
    assert door("GET", "/api/v1", "fn_wrong", address="10.1.1.2").status == 401
    assert door("GET", "/api/v1", door.annas).body == b"anna", "a right key is not found by trying"


def test_a_key_asks_as_often_as_it_may_and_reads_as_it_likes(door) -> None:
    asked = [door("POST", "/api/v1/ask", door.annas).status for _ in range(4)]
    assert asked == [200, 200, 200, 429]
    reply = door("GET", "/api/v1/search", door.annas)
    assert reply.status == 429
    assert 1 <= int(header(reply, "retry-after")) <= 20
    assert b"the key 'annas' may ask 3 a minute: wait" in reply.body
    assert door("GET", "/api/v1/documents", door.annas).status == 200
    assert door("POST", "/v1/chat/completions", door.nobodys).status == 200


def test_a_cookie_reads_and_changes_nothing(door) -> None:
    token = Sessions(door.library.catalog).begin("anna")
    cookie = {"cookie": f"footnote={token}"}
    for method in ("GET", "HEAD"):
        assert door(method, "/api/v1/documents", **cookie).status == 200
    for method, path in (("POST", "/api/v1/ask"), ("DELETE", "/api/v1/documents/x"), ("POST", "/mcp")):
        reply = door(method, path, **cookie)
        assert (reply.status, b"needs an API key" in reply.body) == (401, True)
    assert door("GET", "/api/v1/documents", "fn_wrong", **cookie).status == 401, "a wrong key is no cookie"


def test_where_nobody_signs_in_no_key_is_needed_and_one_of_ours_is_checked(open_door) -> None:
    assert open_door("POST", "/api/v1/documents").body == b""
    assert open_door("POST", "/api/v1/ask", "none").body == b"", "another program's placeholder"
    assert open_door("POST", "/api/v1/ask", open_door.annas).body == b"anna"
    assert open_door("GET", "/api/v1/documents", open_door.nobodys).body == EVERYBODY.encode()
    assert open_door("GET", "/api/v1/documents", "fn_wrong").status == 401
    assert open_door("DELETE", "/api/v1/documents/x", open_door.nobodys).status == 403


def test_a_library_that_cannot_be_read_lets_nobody_in(door, monkeypatch) -> None:
    def busy(_secret):
        raise LibraryInUse("the library is busy: try again")

    monkeypatch.setattr(door.keys, "find", busy)
    reply = door("GET", "/api/v1", door.annas)
    assert (reply.status, reply.body) == (503, b'{"detail":"the library is busy: try again"}')


@given(st.text(max_size=30))
def test_only_whole_parts_of_a_path_are_the_api(words) -> None:
    assert is_api(f"/api/v1/{words}")
    assert is_api(f"/v1/{words}")
    assert is_api(f"/api/v1{words}") == (words == "" or words[0] == "/")
    assert not is_api(f"/documents/{words}")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        pytest.param("/api/v1/ask", lambda body: body["detail"], id="the API"),
        pytest.param("/mcp", lambda body: body["detail"], id="tools"),
        pytest.param("/v1/models", lambda body: body["error"]["message"], id="OpenAI's clients"),
    ],
)
def test_a_refusal_has_the_form_that_its_client_reads(door, path, told) -> None:
    refused = door("POST", path, "fn_wrong")
    assert refused.status == 401
    assert "there is no such API key" in told(json.loads(refused.body))
