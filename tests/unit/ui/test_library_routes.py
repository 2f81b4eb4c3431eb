from __future__ import annotations

import time
from contextlib import asynccontextmanager

import pytest
from fakes import ScriptedModel, put
from fastapi import FastAPI
from fastapi.testclient import TestClient
from markup import parse

import ingest.local_engine
from ingest.load import load
from ingest.worker import Worker
from rag.assistant import Assistant
from ui.library_routes import add_library_routes
from ui.routes import add_routes
from ui.visitors import KEY

TEXT = b"A plane came from Libya.\nThe minister spoke about oil."
TOLD = "The zebra knows the secret."


class Unfenced(Worker):
    """Parses in this process: the fence has tests of its own."""

    def _load(self, name, data, scans, limits, _wanted):
        return load(data, name, limits, scans)


class SignedIn:
    """Says who calls, as the sign-in does."""

    def __init__(self, app) -> None:
        self._app = app

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http":
            names = [value for name, value in scope["headers"] if name == b"user"]
            scope[KEY] = names[0].decode() if names else ""
        await self._app(scope, receive, send)


@pytest.fixture
def assistant(library, embedder, settings, monkeypatch):
    monkeypatch.setattr(ingest.local_engine, "Worker", Unfenced)
    put(library, "common", "The river is long.", embedder)
    for user in ("anna", "bob"):
        uri = (library.path.absolute() / f"uploads/@{user}/own.txt").as_uri()
        put(library, f"of-{user}", TOLD if user == "bob" else "The moon is far.", embedder, uri=uri)
    settings = settings.model_copy(update={"max_file_mb": 0.05})
    with Assistant(library, embedder, ScriptedModel(), settings) as opened:
        yield opened


@pytest.fixture
def app(assistant):
    made = FastAPI()
    add_routes(made, assistant)
    intake = add_library_routes(made, assistant)

    @asynccontextmanager
    async def reading(_):
        yield
        intake.stop()

    made.router.lifespan_context = reading
    return made


@pytest.fixture
def client(app):
    with TestClient(SignedIn(app), base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.fixture
def anna(app, client):
    return TestClient(SignedIn(app), base_url="http://127.0.0.1", headers={"user": "anna"})


@pytest.fixture
def bob(app, client):
    return TestClient(SignedIn(app), base_url="http://127.0.0.1", headers={"user": "bob"})


def send(client, path="planes.txt", content=TEXT, **query):
    return client.post("/uploads", params={"path": path} | query, content=content)


def ledger(client):
    """Return the lines of the ledger once nothing is alive, as {name: (state, note)}."""
    end = time.monotonic() + 120
    while (root := parse(client.get("/uploads").text).one("section")).attributes["data-alive"] != "0":
        assert time.monotonic() < end, root.text
        time.sleep(0.01)
    lines = (line for line in root.all(".line") if "data-upload" in line.attributes)
    return {line.one(".title").text: line for line in lines}


def listed(client, **query) -> list[str]:
    root = parse(client.get("/view/library", params=query).text)
    return [row.attributes["data-id"] for row in root.all(".document-row")]


# -- uploads -------------------------------------------------------------------------------------------------


def test_a_file_is_received_read_and_listed(client, library):
    answer = send(client, "reports/../may/planes.txt")
    assert (answer.status_code, answer.json()["path"]) == (201, "reports/may/planes.txt")
    line = ledger(client)["reports/may/planes.txt"]
    assert line.one(".state").text == "done, 1 passage", line.text
    assert (library.path / "uploads/reports/may/planes.txt").read_bytes() == TEXT
    assert library.find("planes").id in listed(client, q="planes")


@pytest.mark.parametrize(
    ("path", "content", "status", "why"),
    [
        pytest.param("a.txt", b"x" * 50_001, 413, "it is larger than 0.05 MB", id="too large"),
        pytest.param("a.zzz", b"x", 415, "does not read .zzz files", id="unknown format"),
        pytest.param("a/" * 12 + "a.txt", b"x", 422, "folders deep", id="too deep"),
        pytest.param("own.txt/a.txt", b"x", 422, "would have the same name", id="a file is there"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_a_sentence_and_leaves_nothing(
    client, library, path, content, status, why
):
    (library.path / "uploads").mkdir()
    (library.path / "uploads/own.txt").write_text("x")
    answer = send(client, path, content)
    assert (answer.status_code, why in answer.json()["detail"]) == (status, True)
    assert [each.name for each in (library.path / "uploads").rglob("*") if each.is_file()] == ["own.txt"]
    assert ledger(client) == {}


def test_a_body_without_a_length_is_cut_off_where_the_limit_is(client, library):
    pieces = (b"x" * 15_000 for _ in range(5))
    answer = client.post("/uploads?path=a.txt", content=pieces)
    assert (answer.status_code, "larger than" in answer.json()["detail"]) == (413, True)
    assert not [each for each in (library.path / "uploads").rglob("*") if each.is_file()]


def test_the_ledger_is_sent_only_when_it_changed(client):
    first = client.get("/uploads")
    tag = {"If-None-Match": first.headers["etag"]}
    assert client.get("/uploads", headers=tag).status_code == 304
    send(client)
    ledger(client)
    assert client.get("/uploads", headers=tag).status_code == 200


def test_a_failed_upload_is_tried_again_and_dismissed(client):
    send(client, "broken.pdf", b"no pdf")
    line = ledger(client)["broken.pdf"]
    assert line.one(".note").text == "It is not a PDF, or its beginning is lost; export it again"
    upload = line.attributes["data-upload"]
    assert client.post(f"/uploads/{upload}/retry").status_code == 204
    assert ledger(client)["broken.pdf"].one(".state").text == "could not be added"
    assert client.delete(f"/uploads/{upload}").status_code == 204
    assert ledger(client) == {}
    assert client.delete(f"/uploads/{upload}").status_code == 404


def test_clearing_takes_off_what_is_finished(client):
    send(client)
    ledger(client)
    assert client.delete("/uploads").status_code == 204
    assert ledger(client) == {}


def test_removing_an_uploaded_document_removes_its_file_and_its_failed_version(client, library):
    send(client)
    ledger(client)
    send(client, content=b"")
    ledger(client)
    document = library.find("planes")
    assert document.status == "failed"
    assert client.delete(f"/documents/{document.id}").status_code == 204
    assert ledger(client) == {}
    assert not [each for each in (library.path / "uploads").rglob("*") if each.is_file()]


def test_the_starter_documents_are_added_to_an_empty_library(client, library, monkeypatch):
    for each in library.documents():
        library.remove(each.id)
    root = parse(client.get("/view/library").text)
    assert [button.text for button in root.all("button") if "data-starter" in button.attributes] == [
        "Add the starter documents"
    ]
    assert client.post("/starter").json() == {"files": 17}
    ledger(client)
    assert sum(each.status == "ready" for each in library.documents()) == 17
    monkeypatch.setattr("ui.starters._PLACES", ())
    answer = client.post("/starter")
    assert (answer.status_code, "not installed here" in answer.json()["detail"]) == (404, True)


# -- two users -----------------------------------------------------------------------------------------------


def test_each_user_sees_their_own_uploads_only(anna, bob, library):
    assert send(anna, "a.txt").status_code == 201
    [line] = ledger(anna).values()
    upload = line.attributes["data-upload"]
    assert ledger(bob) == {}
    for method, path in (("DELETE", f"/uploads/{upload}"), ("POST", f"/uploads/{upload}/retry")):
        answer = bob.request(method, path)
        assert (answer.status_code, answer.json()["detail"].startswith(f"no upload '{upload}'")) == (
            404,
            True,
        )
    assert bob.delete("/uploads").status_code == 204
    assert len(ledger(anna)) == 1
    assert (library.path / "uploads/@anna/a.txt").is_file()


def test_each_user_sees_everybodys_documents_and_their_own(anna, bob):
    assert sorted(listed(anna)) == ["common", "of-anna"]
    assert sorted(listed(bob)) == ["common", "of-bob"]
    glance = parse(anna.get("/view/library").text).all("span")
    assert not any("on disk" in each.text for each in glance)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/documents/{}", None),
        ("PUT", "/documents/{}/title", {"title": "Mine"}),
    ],
)
def test_a_foreign_document_is_not_there_and_everybodys_stays_as_it_is(anna, library, method, path, body):
    foreign = anna.request(method, path.format("of-bob"), json=body)
    absent = anna.request(method, path.format("nobody"), json=body)
    assert foreign.status_code == absent.status_code == 404
    assert foreign.text.replace("of-bob", "nobody") == absent.text
    common = anna.request(method, path.format("common"), json=body)
    assert (common.status_code, "belongs to everybody" in common.json()["detail"]) == (422, True)
    assert {each.title for each in library.documents()} == {"Common", "Of-Anna", "Of-Bob"}
    assert anna.request(method, path.format("of-anna"), json=body).status_code == 204


def test_a_foreign_collection_is_not_there(anna, bob):
    made = bob.post("/collections", json={"name": "Zebras"}).json()["id"]
    assert anna.get("/collections").json() == []
    for method, path, body in (
        ("PATCH", "/collections/{}", {"name": "Mine"}),
        ("DELETE", "/collections/{}", None),
        ("GET", "/collections/{}/documents", None),
        ("PATCH", "/collections/{}/documents", {"add": ["common"]}),
        ("GET", "/view/library?collection={}", None),
        ("POST", "/uploads?path=a.txt&collection={}", None),
    ):
        answers = [anna.request(method, path.format(each), json=body) for each in (made, "nothing")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].text.replace(made, "nothing") == answers[1].text
    assert bob.get("/collections").json()[0]["n_documents"] == 0


def test_a_foreign_document_comes_into_no_collection(anna):
    made = anna.post("/collections", json={"name": "Zebras"}).json()["id"]
    answer = anna.patch(f"/collections/{made}/documents", json={"add": ["common", "of-bob"]})
    assert answer.status_code == 404
    assert anna.get(f"/collections/{made}/documents").json() == []


def test_the_map_and_its_words_are_of_what_a_user_may_see(anna, bob, library):
    maps = {}
    for name, client in (("anna", anna), ("bob", bob)):
        end = time.monotonic() + 60
        while (drawn := client.get("/map").json())["state"] != "ready":
            assert time.monotonic() < end
            time.sleep(0.05)
        maps[name] = drawn
    assert {each["id"] for each in maps["anna"]["documents"]} == {"common", "of-anna"}
    assert (maps["anna"]["total"], len(maps["anna"]["points"])) == (2, 2)
    [secret] = [
        point[3] for point in maps["bob"]["points"] if maps["bob"]["documents"][point[2]]["id"] == "of-bob"
    ]
    assert bob.get(f"/passages/{secret}").json()["text"] == TOLD
    foreign, absent = anna.get(f"/passages/{secret}"), anna.get("/passages/nothing")
    assert foreign.status_code == absent.status_code == 404
    assert TOLD not in foreign.text


# -- collections and titles ------------------------------------------------------------------------------


def test_a_collection_is_made_filled_renamed_listed_and_deleted(client):
    made = client.post("/collections", json={"name": " Long  rivers "})
    assert (made.status_code, made.json()["name"]) == (201, "Long rivers")
    address = f"/collections/{made.json()['id']}"
    assert (
        client.patch(f"{address}/documents", json={"add": ["common", "of-anna"]}).json()["n_documents"] == 2
    )
    assert client.patch(f"{address}/documents", json={"remove": ["of-anna"]}).json()["n_documents"] == 1
    assert client.patch(address, json={"name": "Rivers"}).json()["name"] == "Rivers"
    assert listed(client, collection=made.json()["id"]) == ["common"]
    taken = client.post("/collections", json={"name": "rivers"})
    assert (taken.status_code, "already" in taken.json()["detail"]) == (422, True)
    assert client.delete(address).status_code == 204
    assert len(listed(client)) == 3


def test_a_document_is_shown_under_its_new_title_and_its_old_one_again(client):
    def title() -> str:
        root = parse(client.get("/view/library", params={"q": "common"}).text)
        return root.one(".document").text

    client.put("/documents/common/title", json={"title": "Rivers"})
    assert title() == "Rivers"
    client.put("/documents/common/title", json={"title": " "})
    assert title() == "Common"


@pytest.mark.parametrize(
    "query", [{"since": "soon"}, {"sort": "luck"}], ids=["a day that is none", "an unknown order"]
)
def test_filters_that_are_not_understood_are_told(client, query):
    answer = client.get("/view/library", params=query)
    assert (answer.status_code, isinstance(answer.json()["detail"], str)) == (422, True)
