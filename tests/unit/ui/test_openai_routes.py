"""The real client of OpenAI against a real server over fakes."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import httpx
import openai
import pytest
from doors import Door, opened
from fakes import QUESTION, TEXT, AngleEmbedder, WritingModel, put
from openai import AsyncOpenAI, OpenAI

from rag.assistant import Assistant
from rag.errors import ModelPaused
from rag.library import Library
from rag.people.access import private_folder
from rag.people.collections import Collections
from rag.settings import Settings
from ui.answers import UNEXPECTED
from ui.openai_errors import MOST_BYTES

SAID = "The plane came from Libya on 26 October. Everyone cheered."
MARKED = "The plane came from Libya on 26 October. [1] Everyone cheered. [unsupported]"
ASKED = {"model": "footnote", "messages": [{"role": "user", "content": QUESTION}]}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openai") / "library"
    settings = Settings(library=folder, models=folder, llm="none", offline=True)
    local = settings.model_copy(update={"llm": "local"})  # one answer at a time
    embedder = AngleEmbedder()
    with Library.open(folder, create=True) as library:
        put(library, "news", TEXT, embedder)
        put(library, "zoo", "The zebra crossed the river.", embedder)
        private = f"file:///uploads/{private_folder('anna')}/own.txt"
        put(library, "own", "The money of Anna is in the embassy.", embedder, uri=private)
        collections = Collections(library.catalog)
        collections.add(collections.create("My Animals", "").id, ["zoo"], "")
        collections.create("Empty", "anna")
        with (
            Assistant(library, embedder, WritingModel(lambda asked: SAID), local) as assistant,
            opened(Door(assistant)) as door,
        ):
            yield door


@pytest.fixture
def door(served):
    model = served.assistant.chat_model
    model.say, model.holds, model.breaks, model.pace = lambda asked: SAID, None, None, 0.0
    model.error = None
    model.gate = threading.Event()
    yield served
    model.gate.set()


@pytest.fixture
def client(door):
    return client_of(door)


def client_of(door, key="any", **options) -> OpenAI:
    return OpenAI(base_url=f"{door.url}/v1", api_key=key, max_retries=0, **options)


def until(true, seconds=20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def waiting(door) -> int:
    return len(door.answers.turnstile._queue)


def check(annotations, text) -> None:
    """Each annotation is a mark of the text, and leads to the exact quote."""
    for each in annotations:
        place, exact = each["url_citation"], each["footnote"]
        assert text[place["start_index"] : place["end_index"]] == f"[{exact['number']}]"
        assert TEXT[exact["start"] : exact["end"]] == exact["quote"]
        page = httpx.get(place["url"])
        assert page.status_code == 200
        assert f">{exact['quote']}</mark>" in page.text


def test_an_answer_has_marks_annotations_and_the_whole_answer(client):
    reply = client.chat.completions.create(**ASKED)
    [choice] = reply.choices
    assert choice.message.content == MARKED
    assert (choice.finish_reason, choice.message.role) == ("stop", "assistant")
    [annotation] = choice.message.annotations
    assert annotation.url_citation.title == "News"
    check([annotation.model_dump()], MARKED)
    assert reply.footnote["question"] == QUESTION
    assert [each["support"] for each in reply.footnote["sentences"]] == ["supported", "unsupported"]
    assert (reply.usage.total_tokens, reply.usage.counted) == (0, False)
    assert (reply.model, reply.id[:9]) == ("footnote", "chatcmpl-")


def test_a_stream_gives_each_sentence_as_it_is_checked(client):
    parts = list(client.chat.completions.create(**ASKED, stream=True))
    deltas = [part.choices[0].delta for part in parts]
    assert [delta.content for delta in deltas] == [
        "",
        "The plane came from Libya on 26 October. [1]",
        " Everyone cheered. [unsupported]",
        None,
    ]
    assert [part.choices[0].finish_reason for part in parts] == [None, None, None, "stop"]
    check(deltas[-1].annotations, MARKED)
    assert parts[-1].footnote["answer"] == SAID
    assert len({part.id for part in parts}) == 1
    assert all(part.usage is None for part in parts)


def test_a_stream_tells_the_usage_where_it_is_asked_to(client):
    options = {"include_usage": True}
    *parts, last = client.chat.completions.create(**ASKED, stream=True, stream_options=options)
    assert all(part.usage is None for part in parts)
    assert (last.choices, last.usage.total_tokens) == ([], 0)


def test_the_events_of_a_stream_end_as_the_protocol_says(door):
    reply = httpx.post(f"{door.url}/v1/chat/completions", json=ASKED | {"stream": True}, timeout=60)
    assert reply.headers["content-type"].startswith("text/event-stream")
    *events, last = reply.text.removesuffix("\n\n").split("\n\n")
    assert last == "data: [DONE]"
    assert all(json.loads(each.removeprefix("data: "))["object"] for each in events)


def test_the_asynchronous_client_gets_the_same(door):
    async def talk():
        async with AsyncOpenAI(base_url=f"{door.url}/v1", api_key="any", max_retries=0) as client:
            whole = await client.chat.completions.create(**ASKED)
            stream = await client.chat.completions.create(**ASKED, stream=True)
            text = "".join([part.choices[0].delta.content or "" async for part in stream])
            return whole.choices[0].message.content, text, [each.id async for each in client.models.list()]

    assert asyncio.run(talk()) == (MARKED, MARKED, ["footnote", "footnote:My Animals"])


def test_a_refusal_is_a_message_that_says_what_to_do(client):
    asked = ASKED | {"messages": [{"role": "user", "content": "Which moons does Kurabar have?"}]}
    reply = client.chat.completions.create(**asked)
    assert reply.footnote["refused"] is True
    assert reply.choices[0].message.content.startswith(
        "The documents do not answer this question. Ask with the words that the documents use"
    )
    assert reply.choices[0].message.annotations == []
    assert reply.choices[0].finish_reason == "stop"


def test_what_was_streamed_is_taken_back_where_the_answer_is_refused(client, door):
    door.assistant.chat_model.say = lambda asked: "Everyone cheered and danced."
    parts = list(client.chat.completions.create(**ASKED, stream=True))
    text = "".join(part.choices[0].delta.content or "" for part in parts)
    assert text.startswith(
        "Everyone cheered and danced. [unsupported]\n\nThis does not stand. The model found"
    )
    assert parts[-1].footnote["refused"] is True
    assert parts[-1].choices[0].delta.annotations == []


def test_the_conversation_before_is_what_a_question_follows_up_on(client):
    said = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": [{"type": "text", "text": "What did the plane bring from Libya?"}]},
        {"role": "assistant", "content": MARKED},
        {
            "role": "user",
            "content": [{"type": "text", "text": "When did it"}, {"type": "text", "text": "come?"}],
        },
    ]
    reply = client.chat.completions.create(
        model="footnote", messages=said, temperature=1.5, max_tokens=5, seed=1, stop=["x"], user="me",
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}], tool_choice="auto",
    )  # fmt: skip
    assert reply.choices[0].message.content == MARKED
    assert reply.footnote["question"] == "When did it\ncome?"


@pytest.mark.parametrize("model", ["footnote:My Animals", "footnote:my  animals"])
def test_a_model_can_be_a_collection(client, model):
    reply = client.chat.completions.create(**ASKED | {"model": model})
    assert {each["document_id"] for each in reply.footnote["passages"]} == {"zoo"}
    assert reply.model == model


def test_each_user_asks_their_own_documents(door):
    asked = ASKED | {"messages": [{"role": "user", "content": "Where is the money of Anna?"}]}
    anna, bob = client_of(door, "anna"), client_of(door, "bob")
    found = [
        {each["document_id"] for each in client.chat.completions.create(**asked).footnote["passages"]}
        for client in (anna, bob)
    ]
    assert "own" in found[0]
    assert found[1] == {"news", "zoo"}
    assert [each.id for each in anna.models.list()] == ["footnote", "footnote:Empty"]
    assert [each.id for each in bob.models.list()] == ["footnote"]
    assert anna.models.retrieve("footnote:Empty").created > 0
    with pytest.raises(openai.NotFoundError, match="no model 'footnote:Empty'"):
        bob.models.retrieve("footnote:Empty")
    with pytest.raises(openai.NotFoundError, match="no model 'footnote:Empty'"):
        bob.chat.completions.create(**asked | {"model": "footnote:Empty"})


USER = {"role": "user", "content": QUESTION}


@pytest.mark.parametrize(
    ("changed", "words", "param"),
    [
        pytest.param({"n": 2}, "there is one answer", "n", id="n"),
        pytest.param({"logprobs": True}, "not told", "logprobs", id="logprobs"),
        pytest.param({"response_format": {"type": "json_object"}}, "is text", "response_format", id="json"),
        pytest.param({"tool_choice": "required"}, "no tool is ever called", "tool_choice", id="tool"),
        pytest.param({"modalities": ["text", "audio"]}, "no other modality", "modalities", id="audio"),
        pytest.param({"messages": []}, "at least 1", "messages", id="no message"),
        pytest.param({"messages": [{"role": "king", "content": "x"}]}, "Input", "messages.0.role", id="role"),
        pytest.param({"messages": [{"role": "system", "content": "x"}]}, "user's", None, id="no user"),
        pytest.param({"messages": [USER, {"role": "assistant", "content": "x"}]}, "last", None, id="last"),
        pytest.param({"messages": [{"role": "user", "content": " "}]}, "is empty", None, id="empty"),
        pytest.param({"messages": [{"role": "user", "content": "x" * 4001}]}, "4,001", None, id="long"),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "type 'image_url'",
            None,
            id="picture",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
def test_what_would_change_the_meaning_is_refused(client, stream, changed, words, param):
    with pytest.raises(openai.BadRequestError, match=words) as caught:
        client.chat.completions.create(**ASKED | changed, stream=stream)
    assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")
    assert caught.value.code


@pytest.mark.parametrize("model", ["gpt-5", "footnote:", "footnote: ", "footnote:Nothing", "Footnote"])
def test_an_unknown_model_is_told(client, model):
    with pytest.raises(openai.NotFoundError, match="GET /v1/models lists them") as caught:
        client.chat.completions.create(**ASKED | {"model": model})
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"{", 400, "invalid_json", id="no JSON"),
        pytest.param(b'{"model": "\xff"}', 400, "invalid_request", id="no Unicode"),
        pytest.param(b"[" * 100_000, 400, "invalid_request", id="deep"),
        pytest.param(b"", 400, "invalid_request", id="nothing"),
        pytest.param(b"x" * (MOST_BYTES + 1), 413, "too_large", id="large"),
    ],
)
def test_a_body_that_cannot_be_read_is_told(door, body, status, code):
    reply = httpx.post(
        f"{door.url}/v1/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)


def test_other_addresses_are_told(client):
    with pytest.raises(openai.NotFoundError, match="no POST /v1/embeddings here"):
        client.embeddings.create(model="x", input="y")


def test_an_error_after_the_first_event_is_an_event(client, door):
    door.assistant.chat_model.breaks = 3
    stream = client.chat.completions.create(**ASKED, stream=True)
    with pytest.raises(openai.APIError, match="the local model cannot be reached"):
        list(stream)
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**ASKED)


def test_a_model_that_is_left_alone_says_when_to_come_again(client, door):
    door.assistant.chat_model.error = ModelPaused("the model x is left alone for now", again_s=11.2)
    with pytest.raises(openai.InternalServerError, match="left alone") as caught:
        client.chat.completions.create(**ASKED)
    assert (caught.value.status_code, caught.value.response.headers["retry-after"]) == (503, "12")


def test_what_nobody_expected_is_told_without_its_words(client, door, monkeypatch, caplog):
    def broken(*_: object, **__: object):
        raise KeyError("secret")

    monkeypatch.setattr(door.assistant, "stream", broken)
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError, match=UNEXPECTED):
            client.chat.completions.create(**ASKED, stream=stream)
    assert "secret" in caplog.text


@pytest.mark.parametrize("stream", [False, True])
def test_who_leaves_lets_the_next_one_to_the_model(client, door, stream):
    model = door.assistant.chat_model
    model.holds = 3
    late = (openai.APITimeoutError, httpx.ReadTimeout)  # the latter is told by older clients
    with client_of(door, timeout=0.7) as leaving, pytest.raises(late):
        list(leaving.chat.completions.create(**ASKED, stream=stream))
    until(lambda: all(left.is_set() for left in list(door.answers._running)))
    model.holds = None
    model.gate.set()
    until(lambda: not waiting(door))
    assert client.chat.completions.create(**ASKED).choices[0].message.content == MARKED


def test_who_waits_in_line_gets_a_sign_of_life(door, monkeypatch):
    monkeypatch.setattr("ui.answers.TICK_S", 0.05)
    model = door.assistant.chat_model
    model.holds = 3
    lines = []
    with httpx.stream("POST", f"{door.url}/v1/chat/completions", json=ASKED | {"stream": True}) as reply:
        for line in reply.iter_lines():
            lines.append(line)
            if line.startswith(":"):
                model.gate.set()
    assert any(line.startswith(":") for line in lines)
    assert lines[-2] == "data: [DONE]"


def test_answers_of_the_local_model_go_one_after_the_other(client, door):
    model = door.assistant.chat_model
    model.holds = 3
    replies = []
    threads = [
        threading.Thread(target=lambda: replies.append(client.chat.completions.create(**ASKED)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    until(lambda: waiting(door) == 3)
    model.gate.set()
    for thread in threads:
        thread.join(60)
    assert [reply.choices[0].message.content for reply in replies] == [MARKED] * 3


def test_the_end_of_the_server_is_told_while_the_model_is_silent(client, door):
    model = door.assistant.chat_model
    model.holds = 3
    stream = client.chat.completions.create(**ASKED, stream=True)
    next(stream)
    until(lambda: model.waits)
    door.answers.stop_all()
    with pytest.raises(openai.APIError, match="ends before the answer was complete"):
        list(stream)
