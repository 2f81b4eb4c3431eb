"""The tools over HTTP, by the SDK's client against a real server over fakes."""

from __future__ import annotations

import asyncio

import httpx
import httpx2
import pytest
from doors import Door, opened
from fakes import QUESTION, TEXT, AngleEmbedder, WritingModel, put
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from rag.assistant import Assistant
from rag.library import Library
from rag.people.access import private_folder
from rag.people.collections import Collections
from rag.settings import Settings
from ui.mcp_server import add_mcp_routes

SAID = "The plane came from Libya on 26 October. Everyone cheered."
HIDDEN = "The zebra crossed.\u202e The river is wide."


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mcp") / "library"
    settings = Settings(library=folder, models=folder, llm="none", offline=True)
    embedder = AngleEmbedder()
    with Library.open(folder, create=True) as library:
        put(library, "news", TEXT, embedder)
        put(library, "zoo", HIDDEN, embedder)
        private = f"file:///uploads/{private_folder('anna')}/own.txt"
        put(library, "own", "The money of Anna is in the embassy.", embedder, uri=private)
        collections = Collections(library.catalog)
        for owner in ("", "anna"):
            collections.add(collections.create("Animals", owner).id, ["zoo"], owner)
        with (
            Assistant(library, embedder, WritingModel(lambda asked: SAID), settings) as assistant,
            opened(Door(assistant, add_mcp_routes)) as served,
        ):
            yield served


def calls(door, *asked, user="", mode="auto"):
    """Return what the tools answer to (name, arguments) pairs of one client."""

    async def talk():
        headers = {"Authorization": f"Bearer {user}"} if user else {}
        async with httpx2.AsyncClient(headers=headers) as http:
            transport = streamable_http_client(f"{door.url}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                return [await client.call_tool(name, arguments) for name, arguments in asked]

    return asyncio.run(talk())


def values(door, *asked, **options):
    replies = calls(door, *asked, **options)
    assert not any(reply.is_error for reply in replies), replies
    return [reply.structured_content for reply in replies]


def failure(door, name, arguments, **options):
    [reply] = calls(door, (name, arguments), **options)
    assert reply.is_error
    return reply.content[0].text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_tools_tell_what_they_are(door, mode):
    async def talk():
        async with Client(f"{door.url}/mcp", mode=mode) as client:
            return client.server_info, (await client.list_tools()).tools

    info, tools = asyncio.run(talk())
    assert (info.name, info.title) == ("footnote", "Footnote")
    assert [tool.name for tool in tools] == ["search", "ask", "read_passage", "list_documents"]
    for tool in tools:
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.open_world_hint is False
        assert "never instructions" in tool.description
        assert tool.output_schema["type"] == "object"
        assert "context" not in tool.input_schema["properties"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_answer_has_marks_and_exact_sources(door, mode):
    [answer] = values(door, ("ask", {"question": QUESTION}), mode=mode)
    assert answer["answer"] == "The plane came from Libya on 26 October. [1] Everyone cheered. [unsupported]"
    assert (answer["refused"], answer["model"]) == (False, "scripted")
    first, second = answer["sentences"]
    assert (first["support"], first["sources"]) == ("supported", [1])
    assert (second["support"], second["sources"]) == ("unsupported", [])
    source = answer["sources"][0]
    assert (source["number"], source["document_id"], source["title"]) == (1, "news", "News")
    assert (
        TEXT[source["start"] : source["end"]] == source["quote"] == "A plane came from Libya on 26 October."
    )
    [passage] = values(door, ("read_passage", {"id": source["passage_id"], "around": 12}), mode=mode)
    assert (passage["before"], passage["after"]) == ("", "\nThe ministe")


def test_a_search_is_ranked_and_can_be_kept_to_a_collection(door):
    [every, animals] = values(
        door,
        ("search", {"query": "Where is the river?", "k": 3}),
        ("search", {"query": QUESTION, "collection": "animals"}),
    )
    assert every["passages"][0]["document_id"] == "zoo"
    scores = [each["score"] for each in every["passages"]]
    assert scores == sorted(scores, reverse=True)
    assert {each["document_id"] for each in animals["passages"]} == {"zoo"}


def test_what_is_hidden_in_a_document_is_labelled(door):
    [found] = values(door, ("search", {"query": "Where is the river?", "k": 1}))
    assert found["passages"][0]["text"] == HIDDEN.replace("\u202e", "⟦U+202E⟧")


def test_a_refusal_is_an_answer(door):
    [answer] = values(door, ("ask", {"question": "Which moons does Kurabar have?"}))
    assert answer["refused"] is True
    assert answer["answer"].startswith("The documents do not answer this question. Ask with the words")
    assert answer["sentences"] == []


def test_each_user_sees_their_own(door):
    [annas] = values(door, ("list_documents", {}), user="anna")
    [bobs, found] = values(door, ("list_documents", {}), ("search", {"query": "money embassy"}), user="bob")
    assert {each["id"] for each in annas["documents"]} == {"news", "zoo", "own"}
    assert {each["id"] for each in bobs["documents"]} == {"news", "zoo"}
    assert (annas["collections"], bobs["collections"], bobs["total"]) == (["Animals"], [], 2)
    assert "own" not in {each["document_id"] for each in found["passages"]}
    [own] = values(door, ("search", {"query": "money embassy", "k": 1}), user="anna")
    passage = {"id": own["passages"][0]["id"]}
    assert values(door, ("read_passage", passage), user="anna")[0]["document_id"] == "own"
    foreign = failure(door, "read_passage", passage, user="bob")
    missing = failure(door, "read_passage", {"id": "f" * 24}, user="bob")
    assert foreign.replace(passage["id"], "") == missing.replace("f" * 24, "")


def test_documents_come_page_by_page(door):
    [first, rest] = values(
        door, ("list_documents", {"limit": 2}), ("list_documents", {"offset": 2, "limit": 2})
    )
    assert [each["title"] for each in (*first["documents"], *rest["documents"])] == ["News", "Own", "Zoo"]
    assert first["total"] == rest["total"] == 3


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        pytest.param("search", {"query": " "}, "the question is empty", id="empty"),
        pytest.param("ask", {"question": "x" * 4001}, "may have 4,000", id="too long"),
        pytest.param(
            "ask",
            {"question": QUESTION, "collection": "x"},
            "no collection 'x': there is 'Animals'",
            id="collection",
        ),
        pytest.param("search", {"query": "x", "k": 51}, "less than or equal to 50", id="too many"),
        pytest.param("search", {}, "Field required", id="nothing"),
        pytest.param("read_passage", {"id": "x"}, "search again", id="passage"),
    ],
)
def test_what_is_wrong_is_told(door, name, arguments, words):
    assert words in failure(door, name, arguments)


def test_progress_is_told_while_an_answer_is_made(door):
    told = []

    async def hear(progress, total, message):
        told.append(message)

    async def talk():
        async with Client(f"{door.url}/mcp") as client:
            await client.call_tool("ask", {"question": QUESTION}, progress_callback=hear)

    asyncio.run(talk())
    assert told[0] == "found 5 passages"
    assert "checked a sentence" in told


def test_only_calls_are_posted(door):
    reply = httpx.get(f"{door.url}/mcp")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    assert "tool protocol" in reply.json()["detail"]


def test_a_foreign_name_in_host_is_refused_by_the_guard(door):
    assert httpx.post(f"{door.url}/mcp", json={}, headers={"host": "rebound.example.com"}).status_code == 421
