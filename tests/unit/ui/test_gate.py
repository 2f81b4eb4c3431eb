"""The gate, the way in and the queue's names, on the whole application with two users."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from fakes import AngleEmbedder, put
from fastapi.testclient import TestClient
from starlette.routing import Mount

from rag.assistant import Assistant
from rag.errors import LibraryInUse, SettingsError
from rag.library import Library
from rag.people.sessions import Sessions
from rag.people.users import Users
from rag.settings import Settings
from ui.app import create_app

PASSWORD = "correct horse battery"  # noqa: S105
SECRET = "The zebra of bob ran on 3 May."  # noqa: S105
PAGE = {"accept": "text/html,*/*"}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory):
    path, embedder = tmp_path_factory.mktemp("library"), AngleEmbedder()
    library = Library.open(path, create=True)
    for name in ("anna", "bob"):
        Users(library.catalog).add(name, PASSWORD)
    put(library, "everybodys", "The moon is far.", embedder)
    put(library, "bobs", SECRET, embedder, uri=(path / "uploads/@bob/x.txt").as_uri())
    settings = Settings(library=path, llm="none", auth=True, proxies=("10.0.0.1",), hosts=("docs.example",))
    with Assistant(library, embedder, None, settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def app(assistant):
    async def make():
        return create_app(assistant, assistant.settings)

    return asyncio.run(make())


@pytest.fixture
def browser(app, assistant):
    """A maker of clients: each with its own cookies, and where one is named, signed in."""

    def make(name: str = "", address: str = "192.168.1.5", **options) -> TestClient:
        base = options.pop("base_url", "http://127.0.0.1:7860")
        client = TestClient(
            app,
            base_url=base,
            client=(address, 50_000),
            follow_redirects=False,
            raise_server_exceptions=False,
        )
        if name:
            token = Sessions(assistant.library.catalog).begin(name)
            client.cookies.set("footnote", token, domain="127.0.0.1")
        return client

    return make


def sign_in(client: TestClient, name: str, password: str = PASSWORD, **fields):
    return client.post("/sign-in", data={"name": name, "password": password, **fields})


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "leads_to"),
    [
        ("GET", "/", PAGE, 303, "/sign-in"),
        ("GET", "/?x=1", PAGE, 303, "/sign-in?next=/%3Fx%3D1"),
        ("GET", "/documents", {"sec-fetch-mode": "navigate"}, 303, "/sign-in?next=/documents"),
        ("GET", "/documents", PAGE | {"sec-fetch-mode": "cors"}, 401, None),
        ("GET", "/documents", {}, 401, None),
        ("GET", "/documents/bobs/passage", {}, 401, None),
        ("DELETE", "/documents/everybodys", PAGE, 401, None),
        ("GET", "/config", {}, 401, None),
        ("GET", "/me", {}, 401, None),
        ("GET", "/assets/index.js", {}, 401, None),
        ("GET", "/ui/footnote.js", {}, 401, None),
        ("GET", "/ui/../ui/footnote.js", {}, 401, None),
        ("GET", "/ui/fonts/../footnote.js", {}, 401, None),
        ("POST", "/sign-out", {}, 401, None),
        ("POST", "/gradio_api/queue/join", {}, 401, None),
        ("GET", "/gradio_api/queue/data?session_hash=x", {}, 401, None),
        ("GET", "/gradio_api/heartbeat/x", {}, 401, None),
        ("GET", "/gradio_api/app_id", {}, 401, None),
        ("POST", "/gradio_api/upload", {}, 404, None),
        ("POST", "/health", {}, 401, None),
        ("POST", "/ready", {}, 401, None),
        ("GET", "/ready", {}, 200, None),
        ("GET", "/metrics", {}, 404, None),
        ("GET", "/nowhere", PAGE, 404, None),
        ("GET", "/sign-in", {}, 200, None),
        ("GET", "/ui/tokens.css", {}, 200, None),
        ("GET", "/ui/dusk.css", {}, 200, None),
        ("GET", "/ui/sign-in.css", {}, 200, None),
        ("GET", "/ui/icon.svg", {}, 200, None),
        ("GET", "/ui/fonts/inter.woff2", {}, 200, None),
    ],
)
def test_who_is_not_signed_in_sees_the_way_in_only(browser, method, path, headers, status, leads_to):
    reply = browser().request(method, path, headers=headers)
    assert (reply.status_code, reply.headers.get("location")) == (status, leads_to)
    assert reply.headers["x-content-type-options"] == "nosniff"
    if status != 200:
        assert reply.headers["cache-control"] == "no-store"
    if status == 401:
        assert "sign in" in reply.json()["detail"]


def test_health_says_nothing_but_that_it_runs(browser):
    assert browser().get("/health").json() == {"status": "ok"}
    assert browser("anna").get("/health").json() == {
        "status": "ok",
        "documents": 1,
        "passages": 1,
        "model": "none",
    }


def test_a_link_from_another_site_is_followed_with_the_cookie_on_the_second_try(browser):
    reply = browser().get("/", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    assert (reply.status_code, reply.headers["refresh"]) == (200, "0")
    assert reply.headers["cache-control"] == "no-store"


def test_who_is_signed_in_sees_what_is_theirs_and_everybodys(browser):
    anna, bob = browser("anna"), browser("bob")
    assert anna.get("/me").json() == {"name": "anna"}
    assert [each["id"] for each in anna.get("/documents").json()] == ["everybodys"]
    assert {each["id"] for each in bob.get("/documents").json()} == {"everybodys", "bobs"}
    assert anna.get("/documents/bobs/passage").status_code == 404
    assert anna.delete("/documents/bobs").status_code == 404
    assert anna.delete("/documents/everybodys").status_code == 422
    assert anna.get("/", headers=PAGE).status_code == 200
    assert anna.get("/", headers=PAGE).headers["cache-control"] == "no-store"


def test_the_cookie_is_for_no_script_and_no_other_site(browser):
    given = sign_in(browser(), "anna").headers["set-cookie"]
    token = given.split(";")[0].removeprefix("footnote=")
    assert given == f"footnote={token}; HttpOnly; Max-Age=604800; Path=/; SameSite=strict"


def test_behind_a_proxy_with_tls_the_cookie_is_for_https(browser):
    client = browser(address="10.0.0.1", base_url="http://docs.example")
    told = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}
    reply = client.post("/sign-in", data={"name": "anna", "password": PASSWORD}, headers=told)
    assert reply.headers["set-cookie"].startswith("__Host-footnote=")
    assert reply.headers["set-cookie"].endswith("; SameSite=strict; Secure")
    assert reply.headers["strict-transport-security"] == "max-age=15552000"
    cookie = {"cookie": reply.headers["set-cookie"].split(";")[0]}
    assert client.get("/me", headers=told | cookie).json() == {"name": "anna"}
    assert client.get("/me", headers=cookie).status_code == 401


def test_nobody_else_says_that_it_came_by_https_or_from_where(browser):
    client = browser(address="10.0.0.2")
    told = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.77"}
    reply = client.post("/sign-in", data={"name": "anna", "password": PASSWORD}, headers=told)
    assert reply.headers["set-cookie"].startswith("footnote=")
    assert "strict-transport-security" not in reply.headers


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/", "/"),
        ("/?x=1", "/?x=1"),
        ("/documents/a%20b", "/documents/a%20b"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("/%2F/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/\r\nset-cookie: x=y", "/"),
        ("/sign-out", "/"),
        ("/sign-in?next=/sign-in", "/"),
    ],
)
def test_signing_in_leads_to_a_page_of_ours(browser, wanted, leads_to):
    client = browser()
    assert sign_in(client, "anna", next=wanted).headers["location"] == leads_to
    assert client.get("/sign-in", params={"next": wanted}).headers["location"] == leads_to


def test_a_wrong_password_is_told_without_saying_which_half_was_wrong(browser):
    client = browser(address="192.168.7.1")
    wrong = sign_in(client, "anna", "no such password")
    nobody = sign_in(client, "nobody", "no such password")
    assert (wrong.status_code, nobody.status_code) == (401, 401)
    assert 'role="alert">This name and password do not go together.' in wrong.text
    assert wrong.text.replace("anna", "nobody") == nobody.text
    assert "set-cookie" not in wrong.headers


def test_what_is_typed_comes_back_as_words(browser):
    reply = sign_in(browser(address="192.168.7.2"), '"><script>x</script>', "x")
    assert "<script>x" not in reply.text
    assert "&quot;&gt;&lt;script&gt;x" in reply.text


def test_five_wrong_tries_lock_an_address_and_a_name(browser):
    client = browser(address="192.168.8.1")
    for n in range(5):
        assert sign_in(client, f"nobody{n}", "wrong").status_code == 401
    locked = sign_in(client, "anna")
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 60
    assert "Too many wrong tries. Wait " in locked.text
    assert sign_in(browser(address="192.168.8.2"), "anna").status_code == 303

    for n in range(5):
        assert sign_in(browser(address=f"192.168.9.{n}"), "carol", "wrong").status_code == 401
    assert sign_in(browser(address="192.168.9.99"), "carol", "wrong").status_code == 429


def test_signing_in_again_and_out_ends_the_session(browser):
    client = browser("anna")
    first = client.cookies["footnote"]
    sign_in(client, "anna")
    assert client.cookies["footnote"] != first
    assert browser().get("/me", headers={"cookie": f"footnote={first}"}).status_code == 401
    second = client.cookies["footnote"]
    reply = client.post("/sign-out")
    assert (reply.status_code, reply.headers["location"]) == (303, "/sign-in")
    assert 'footnote=""' in reply.headers["set-cookie"]
    assert browser().get("/me", headers={"cookie": f"footnote={second}"}).status_code == 401


@pytest.mark.parametrize(
    "token",
    ["", "x", '"quoted"', "a" * 5000, "é".encode().decode("latin-1")],
)
def test_a_cookie_that_is_none_opens_nothing(browser, token):
    reply = browser().get("/documents", headers={"cookie": f"footnote={token}".encode("latin-1")})
    assert reply.status_code == 401


def test_a_session_that_expired_opens_nothing(browser, assistant):
    old = Sessions(assistant.library.catalog, lambda: datetime.now(UTC) - timedelta(hours=12)).begin("anna")
    assert browser().get("/me", headers={"cookie": f"footnote={old}"}).status_code == 401


def test_a_form_that_is_too_large_is_refused(browser):
    assert sign_in(browser(), "anna", "x" * 20_000).status_code == 413


def test_a_library_that_cannot_be_read_lets_nobody_in(browser, assistant, monkeypatch):
    client = browser("anna")

    def busy(**_):
        raise LibraryInUse("the library is busy: try again")

    monkeypatch.setattr(assistant.library.catalog, "transaction", busy)
    reply = client.get("/documents")
    assert (reply.status_code, reply.json()) == (503, {"detail": "the library is busy: try again"})
    told = sign_in(browser(address="192.168.7.3"), "anna")
    assert told.status_code == 503
    assert "The library is busy: try again" in told.text


@pytest.mark.parametrize("cross", ["origin", "sec-fetch-site"])
def test_another_sites_form_signs_nobody_in_or_out(browser, cross):
    headers = {"origin": {"origin": "https://evil.example"}, "sec-fetch-site": {cross: "cross-site"}}[cross]
    client = browser("anna")
    assert client.post("/sign-out", headers=headers).status_code == 403
    body = {"name": "bob", "password": PASSWORD}
    assert client.post("/sign-in", data=body, headers=headers).status_code == 403
    assert client.get("/me").json() == {"name": "anna"}


def test_gradio_itself_answers_nobody_who_did_not_pass_the_gate(app):
    inside = next(route.app for route in app.routes if isinstance(route, Mount) and not route.path)
    client = TestClient(inside, base_url="http://127.0.0.1:7860")
    assert client.get("/config").status_code == 401
    assert client.get("/").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/gradio_api/cancel", {"session_hash": "h", "fn_index": 0, "event_id": "x"}, 404),
        ("POST", "/gradio_api/reset", {"event_id": "x"}, 404),
        ("POST", "/gradio_api/queue/join", {"session_hash": "h", "data": [{"path": "/etc/passwd"}]}, 404),
        ("POST", "/gradio_api/queue/join", {"data": [[{"a": {"path": "https://example.com"}}]]}, 404),
        ("POST", "/gradio_api/queue/join", {"data": [{"path": None}]}, 404),
        ("POST", "/gradio_api/queue/join", [1], 400),
        ("POST", "/gradio_api/queue/join", None, 400),
        ("POST", "/gradio_api/queue/join", {"session_hash": "h", "data": ["x" * 5_000_000]}, 413),
        ("GET", "/gradio_api/queue/status", None, 404),
    ],
)
def test_names_that_are_not_the_users_are_not_found(browser, method, path, body, status):
    content = json.dumps(body) if body is not None else b"{"
    reply = browser("anna").request(
        method, path, content=content, headers={"content-type": "application/json"}
    )
    assert reply.status_code == status


def test_no_event_names_a_file(browser):
    event = {"session_hash": "h", "fn_index": 6, "data": [[{"path": "/etc/passwd"}]]}
    assert browser("anna").post("/gradio_api/queue/join", json=event).status_code == 404


def test_an_event_is_known_to_who_asked_only(browser):
    anna, bob = browser("anna"), browser("bob")
    event = {"session_hash": "h", "fn_index": 6, "data": [[]]}
    made = anna.post("/gradio_api/queue/join", json=event).json()["event_id"]
    cancel = {"session_hash": "h", "fn_index": 6, "event_id": made}
    assert bob.post("/gradio_api/cancel", json=cancel).status_code == 404
    assert anna.post("/gradio_api/cancel", json=cancel).json() == {"success": True}


def test_where_nobody_has_to_sign_in_there_is_no_way_in(assistant):
    async def make():
        return create_app(assistant, Settings(library=assistant.library.path, llm="none"))

    client = TestClient(asyncio.run(make()), base_url="http://127.0.0.1:7860")
    assert client.get("/me").json() == {"name": None}
    assert {each["id"] for each in client.get("/documents").json()} == {"everybodys", "bobs"}
    assert client.get("/sign-in").status_code == 404
    assert client.post("/sign-out").status_code == 404


def test_a_library_without_users_is_not_served(tmp_path):
    settings = Settings(library=tmp_path / "library", llm="none", auth=True)
    with (
        Assistant(Library.open(settings.library, create=True), AngleEmbedder(), None, settings) as empty,
        pytest.raises(SettingsError, match="no user yet: make one by 'footnote users add NAME'"),
    ):
        create_app(empty, settings)
