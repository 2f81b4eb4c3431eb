"""The reading routes over a real library of real files, and a real fenced process."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fakes import AngleEmbedder, ScriptedModel
from fastapi import FastAPI
from fastapi.testclient import TestClient
from markup import parse
from papers import STORY, long_pdf, story_pdf
from PIL import Image

from ingest.pipeline import add
from rag.assistant import Assistant
from rag.library import Library
from rag.maintenance.upkeep import UPLOADS
from rag.people.access import private_folder
from rag.settings import Settings
from ui.app import STATIC
from ui.guard import Guard
from ui.reading_routes import add_reading_routes
from ui.routes import add_routes
from ui.visitors import KEY

NOTES = "# Notes\n\nThe zebra crossed the river.\n"
MINISTER = STORY[1][1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("reading")


@pytest.fixture(scope="module")
def assistant(folder):
    embedder = AngleEmbedder()
    library = Library.open(folder / "library", create=True)
    mine = folder / "library" / UPLOADS / private_folder("mia") / "secret.pdf"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(story_pdf("Mia's"))
    (folder / "log.pdf").write_bytes(story_pdf())
    (folder / "Ü notes.md").write_text(NOTES)
    (folder / "gone.pdf").write_bytes(long_pdf(1))
    add(library, [folder / "log.pdf", folder / "Ü notes.md", folder / "gone.pdf", mine], embedder)
    (folder / "gone.pdf").unlink()
    with Assistant(
        library, embedder, ScriptedModel(), Settings(library=folder / "library", llm="none")
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def app(assistant):
    """The routes behind the guard; the header X-User stands for having signed in."""
    routes = FastAPI()
    add_routes(routes, assistant)
    reading = add_reading_routes(routes, assistant)

    async def signed_in(scope, receive, send):
        names = dict(scope["headers"])
        await routes(scope | {KEY: names.get(b"x-user", b"").decode()}, receive, send)

    yield Guard(signed_in, [])
    reading.close()


@pytest.fixture
def client(app):
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


@pytest.fixture
def ids(assistant):
    return {Path(d.uri).name: d.id for d in assistant.library.documents()}


@pytest.fixture
def log(ids):
    return f"/documents/{ids['log.pdf']}"


def test_the_pages_are_told_with_their_sizes(client, log):
    response = client.get(f"{log}/pages")
    assert response.json() == {"pages": [[595.28, 841.89]] * 3}
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("asked", "drawn"), [("", 1000), ("?width=1", 400), ("?width=401", 600), ("?width=99999", 2400)]
)
def test_a_page_is_a_picture_of_few_widths(client, log, asked, drawn):
    response = client.get(f"{log}/pages/2.png{asked}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/png"
    assert response.headers["x-content-type-options"] == "nosniff"
    with Image.open(io.BytesIO(response.content)) as image:
        assert image.width == drawn


def test_a_picture_that_the_browser_has_is_not_sent_again(client, log):
    first = client.get(f"{log}/pages/1.png?width=400")
    assert first.headers["cache-control"] == "private, no-cache"
    tag = first.headers["etag"]
    again = client.get(f"{log}/pages/1.png?width=400", headers={"if-none-match": f'W/"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = client.get(f"{log}/pages/1.png?width=800", headers={"if-none-match": tag})
    assert other.status_code == 200
    assert other.headers["etag"] != tag


def test_the_place_of_words_on_their_page(client, assistant, ids, log):
    text = assistant.library.text(ids["log.pdf"])
    start = text.index(MINISTER)
    span = {"start": start, "end": start + len(MINISTER)}
    answer = client.get(f"{log}/pages/2/boxes", params=span).json()
    assert (answer["width"], answer["height"]) == (595.28, 841.89)
    [[left, top, width, height]] = answer["boxes"]
    assert left == pytest.approx(72 / 595.28, abs=0.01)
    assert top + height == pytest.approx(1 - 400 / 841.89, abs=0.01)
    assert width > 0.3
    assert client.get(f"{log}/pages/1/boxes", params=span).json()["boxes"] == []


def test_a_span_over_a_page_break_is_marked_on_both(client, assistant, ids, log):
    text = assistant.library.text(ids["log.pdf"])
    span = {"start": text.index("Nobody"), "end": text.index("The minister") + 5}
    counts = [len(client.get(f"{log}/pages/{n}/boxes", params=span).json()["boxes"]) for n in (1, 2, 3)]
    assert counts == [1, 2, 0]


def test_the_text_is_plain(client, ids):
    response = client.get(f"/documents/{ids['%C3%9C%20notes.md']}/text")
    assert response.text == NOTES
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("name", ["log.pdf", "%C3%9C%20notes.md"])
def test_the_original_is_a_download(client, folder, ids, name):
    response = client.get(f"/documents/{ids[name]}/original")
    names = {"log.pdf": "log.pdf", "%C3%9C%20notes.md": "Ü notes.md"}
    assert response.content == (folder / names[name]).read_bytes()
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment; ")
    assert response.headers["content-disposition"].endswith(f"UTF-8''{name}")
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("rest", ["original", "pages/1.png?width=400", "pages", "text"])
def test_head_says_what_get_would_send(client, log, rest):
    head, whole = client.head(f"{log}/{rest}"), client.get(f"{log}/{rest}")
    assert head.status_code == 200
    for header in ("content-type", "content-length", "content-disposition", "etag"):
        assert head.headers.get(header) == whole.headers.get(header)


ROUTES = ["passage", "place", "text", "pages", "pages/1.png", "pages/1/boxes?start=0&end=5", "original"]


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_another_users_is_not_there(client, ids, route):
    path = f"/documents/{ids['secret.pdf']}/{route}"
    assert client.get(path, headers={"x-user": "mia"}).status_code == 200
    foreign, missing = (
        client.get(f"/documents/{each}/{route}", headers={"x-user": "tom"})
        for each in (ids["secret.pdf"], "0" * len(ids["secret.pdf"]))
    )
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"].replace(ids["secret.pdf"], "") == missing.json()["detail"].replace(
        "0" * len(ids["secret.pdf"]), ""
    )
    tag = client.get(path, headers={"x-user": "mia"}).headers.get("etag", "")
    assert client.get(path, headers={"x-user": "tom", "if-none-match": tag}).status_code == 404


@pytest.mark.parametrize(
    ("name", "rest", "status", "words"),
    [
        ("log.pdf", "pages/4.png", 404, "has no page 4: it has 3"),
        ("log.pdf", "pages/9/boxes?start=0&end=1", 404, "has no page 9"),
        ("log.pdf", "pages/0.png", 422, "greater than or equal to 1"),
        ("log.pdf", "pages/x.png", 422, "valid integer"),
        ("log.pdf", "pages/1.png?width=wide", 422, "valid integer"),
        ("log.pdf", "pages/1/boxes", 422, "Field required"),
        ("log.pdf", "pages/1/boxes?start=-1&end=1", 422, "greater than or equal to 0"),
        ("log.pdf", "passage?quote=" + "x" * 2001, 422, "at most 2000 characters"),
        ("%C3%9C%20notes.md", "pages", 404, "no pages that can be drawn"),
        ("%C3%9C%20notes.md", "pages/1.png", 404, "no pages that can be drawn"),
        ("gone.pdf", "pages", 410, "cannot be read any more"),
        ("gone.pdf", "pages/1.png", 410, "cannot be read any more"),
        ("gone.pdf", "pages/1/boxes?start=0&end=1", 410, "cannot be read any more"),
        ("gone.pdf", "original", 410, "cannot be read any more"),
    ],
)
def test_what_cannot_be_shown_is_told(client, ids, name, rest, status, words):
    response = client.get(f"/documents/{ids[name]}/{rest}")
    assert response.status_code == status
    assert words in str(response.json()["detail"])


def test_a_gone_file_is_no_longer_confirmed(client, ids, folder, assistant):
    (folder / "short.pdf").write_bytes(story_pdf("Short"))
    add(assistant.library, [folder / "short.pdf"], assistant.embedder)
    identity = next(d.id for d in assistant.library.documents() if d.uri.endswith("short.pdf"))
    tag = client.get(f"/documents/{identity}/pages/1.png").headers["etag"]
    (folder / "short.pdf").write_bytes(story_pdf("Changed"))
    response = client.get(f"/documents/{identity}/pages/1.png", headers={"if-none-match": tag})
    assert response.status_code == 410
    assert "has changed since it was added" in response.json()["detail"]


def test_a_quote_is_looked_for_where_the_document_has_changed(client, ids, assistant, log):
    text = assistant.library.text(ids["log.pdf"])
    start = text.index(MINISTER)

    def shown(a, b, quote):
        return parse(client.get(f"{log}/passage", params={"start": a, "end": b, "quote": quote}).text)

    same = shown(start, start + len(MINISTER), MINISTER)
    assert same.one("mark").text == MINISTER
    assert not same.all(".reader-notice")
    facts = same.one("header").attributes
    assert (facts["data-first"], facts["data-last"], facts["data-start"]) == ("2", "2", str(start))
    assert "data-drawn" in facts

    moved = shown(3, 9, MINISTER)
    assert moved.one("mark").text == MINISTER
    assert "where they stand now" in moved.one(".reader-notice").text

    lost = parse(
        client.get(f"{log}/passage", params={"start": 3, "end": 9**9, "quote": "No such words"}).text
    )
    assert not lost.all("mark")
    assert "do not stand in it any more" in lost.one(".reader-notice").text


def test_a_passage_that_is_gone_is_told(client, log):
    root = parse(client.get(f"{log}/passage", params={"start": 3, "end": 9, "passage": "0" * 24}).text)
    assert not root.all("mark")
    assert "this passage is not in it any more" in root.one(".reader-notice").text


def test_many_readers_at_once(client, log):
    with ThreadPoolExecutor(8) as readers:
        found = list(
            readers.map(lambda i: client.get(f"{log}/pages/{i % 3 + 1}.png?width=400").content, range(24))
        )
    assert len(set(found)) == 3


def test_a_place_is_a_page_of_its_own(client, assistant, ids, log):
    text = assistant.library.text(ids["log.pdf"])
    start = text.index(MINISTER)
    response = client.get(f"{log}/place", params={"start": start, "end": start + len(MINISTER)})
    assert response.headers["content-type"].startswith("text/html")
    page = parse(response.text.removeprefix("<!doctype html>"))
    assert page.one("mark").text == MINISTER
    assert page.one("title").text.endswith(" · Footnote")
    for name in ("reader.css", "place.css", "place.js", "tokens.css", "dusk.css"):
        assert f'"/ui/{name}"' in response.text
        assert (STATIC / name).is_file()


def test_a_place_that_is_gone_is_told_on_its_page(client, log):
    response = client.get(f"{log}/place", params={"start": 0, "end": 5, "passage": "gone"})
    assert response.status_code == 200
    assert "this passage is not in it any more" in response.text


def test_a_place_is_shown_with_as_much_around_it_as_was_asked_for(client, log):
    response = client.get(f"{log}/place", params={"start": 9, "end": 12, "from": 9, "to": 14})
    page = parse(response.text.removeprefix("<!doctype html>"))
    assert page.one("mark").text == page.one(".reader-text").text[:3]
    assert [each.attributes["data-from"] for each in page.all(".more")] == ["0", "9"]
