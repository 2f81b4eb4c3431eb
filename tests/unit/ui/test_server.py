from __future__ import annotations

import asyncio
import json

import pytest
from fakes import AngleEmbedder, ScriptedModel, put
from fastapi.testclient import TestClient
from markup import parse

from rag.assistant import Assistant
from rag.errors import LibraryInUse, SettingsError
from rag.library import Library
from rag.settings import Settings
from ui.app import STATIC, create_app

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'self'; object-src 'none'"
)
TEXT = "The planes landed at the base in May.\nThe river is long."


@pytest.fixture(scope="module")
def assistant(tmp_path_factory):
    path = tmp_path_factory.mktemp("library")
    embedder = AngleEmbedder()
    library = Library.open(path, create=True)
    put(library, "planes", TEXT, embedder)
    put(library, "other", "The moon is far.", embedder)
    with Assistant(library, embedder, ScriptedModel(), Settings(library=path, llm="none")) as opened:
        yield opened


@pytest.fixture(scope="module")
def app(assistant):
    async def make():
        return create_app(assistant, assistant.settings)

    return asyncio.run(make())  # Gradio leaves a loop open when it finds none running


@pytest.fixture
def client(app):
    return TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/config", 200),
        ("GET", "/theme.css", 200),
        ("GET", "/ui/page.css", 200),
        ("GET", "/ui/footnote.js", 200),
        ("GET", "/ui/fonts/inter.woff2", 200),
        ("GET", "/ui/../server.py", 404),
        ("GET", "/health", 200),
        ("GET", "/documents", 200),
        ("GET", "/documents/planes/passage?start=0&end=3", 200),
        ("GET", "/documents/nobody/passage", 404),
        ("GET", "/gradio_api/app_id", 200),
        ("GET", "/gradio_api/file=/etc/hostname", 404),
        ("GET", "/nowhere", 404),
        ("POST", "/health", 404),
        ("OPTIONS", "/documents", 404),
    ],
)
def test_every_response_carries_the_security_headers(client, method, path, status):
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-security-policy"] == POLICY
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in response.headers["permissions-policy"]
    kept = path.startswith(("/ui/", "/theme.css")) and status == 200
    assert (response.headers.get("cache-control") == "no-store") != kept
    assert "strict-transport-security" not in response.headers
    assert "set-cookie" not in response.headers
    assert "access-control-allow-origin" not in response.headers


def test_so_do_refusals_and_failures(client, assistant, monkeypatch):
    assert client.get("/", headers={"host": "evil.example"}).headers["content-security-policy"] == POLICY
    monkeypatch.setattr(assistant.library, "documents", lambda: 1 / 0)
    response = client.get("/documents")
    assert response.status_code == 500
    assert response.headers["content-security-policy"] == POLICY


def test_another_site_cannot_call(client):
    assert client.get("/documents", headers={"origin": "https://evil.example"}).status_code == 403
    assert client.delete("/documents/planes", headers={"origin": "https://evil.example"}).status_code == 403
    assert client.get("/documents", headers={"host": "evil.example"}).status_code == 421


def test_websockets_are_closed(app):
    from starlette.websockets import WebSocketDisconnect

    client = TestClient(app, base_url="http://127.0.0.1:7860")
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/"):
        pass


def test_the_page_asks_nobody_else(client):
    """What foreign addresses the page has are descriptions for link previews, which browsers do not fetch."""
    page, theme = client.get("/").text, client.get("/theme.css").text
    config = json.dumps(client.get("/config").json())
    for words in (page, theme, config):
        assert "fonts.googleapis" not in words
        assert "@import" not in words
    assert '"analytics_enabled": false' in config
    assert not [line for line in page.splitlines() if 'src="http' in line or 'href="http' in line]
    for path in (*STATIC.glob("*.css"), *STATIC.glob("*.js")):
        assert "http" not in client.get(f"/ui/{path.name}").text


def test_health(client):
    assert client.get("/health").json() == {
        "status": "ok",
        "documents": 2,
        "passages": 3,
        "model": "scripted",
    }


def test_documents_are_listed(client):
    assert [document["id"] for document in client.get("/documents").json()] == ["other", "planes"]
    assert client.get("/documents").headers["cache-control"] == "no-store"


def test_a_span_is_shown_marked(client, assistant):
    start = TEXT.index("base")
    [passage] = [p for p in assistant.library.catalog.search(["base"], 1)]
    response = client.get(
        "/documents/planes/passage", params={"start": start, "end": start + 4, "passage": passage[0]}
    )
    root = parse(response.text)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert root.one("mark").text == "base"
    assert root.one(".reader-text").text == TEXT
    assert root.one(".context").text == "The planes landed at the base in May."
    assert root.one("h2").text == "Planes"


def test_a_passage_of_another_document_is_left_out(client, assistant):
    [passage] = [p for p in assistant.library.catalog.search(["moon"], 1)]
    response = client.get("/documents/planes/passage", params={"start": 0, "end": 3, "passage": passage[0]})
    assert parse(response.text).one(".context").text == "The"


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/documents/nobody/passage", 404, "no document 'nobody'"),
        ("/documents/%2e%2e%2fplanes/passage", 404, "Not Found"),
        ("/documents/planes/passage?start=5&end=2", 422, "5..2 is not a span of 'Planes'"),
        ("/documents/planes/passage?start=0&end=9999", 422, "0..9999 is not a span"),
        ("/documents/planes/passage?start=-1&end=2", 422, "greater than or equal to 0"),
        ("/documents/planes/passage?start=x", 422, "valid integer"),
    ],
)
def test_what_is_not_there_is_told(client, path, status, detail):
    response = client.get(path)
    assert response.status_code == status
    assert detail in str(response.json()["detail"])


def test_a_document_is_removed_once(client, assistant):
    put(assistant.library, "gone", "The zebra left.", assistant.embedder)
    assert client.delete("/documents/gone").status_code == 204
    assert client.delete("/documents/gone").status_code == 404
    assert "gone" not in [document.id for document in assistant.library.documents()]


def test_a_library_in_use_is_told_as_such(client, assistant, monkeypatch):
    def held(_identity):
        raise LibraryInUse("the library is in use by 'x': stop it or wait")

    monkeypatch.setattr(assistant.library, "remove", held)
    response = client.delete("/documents/planes")
    assert (response.status_code, response.json()["detail"]) == (
        503,
        "the library is in use by 'x': stop it or wait",
    )


def test_an_address_that_others_reach_is_refused(assistant):
    with pytest.raises(SettingsError, match="setting 'host'"):
        create_app(assistant, assistant.settings.model_copy(update={"host": "0.0.0.0"}))  # noqa: S104


def test_the_doors_for_programs_are_open_beside_the_page(app):
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        assert [each["id"] for each in client.get("/v1/models").json()["data"]] == ["footnote"]
        accepted = {"accept": "application/json, text/event-stream"}
        response = client.post("/mcp", json=hello, headers=accepted)
        assert response.status_code == 200
        assert '"name":"footnote"' in response.text.replace(" ", "")
        assert client.get("/mcp").status_code == 405


def test_what_stands_behind_the_address_of_the_page_is_passed_over(client):
    for query in ("page=other", "deep_link=x", "deep_link=x&page=y", "__theme=dark"):
        assert client.get(f"/?{query}").status_code == 200
