"""The embedder behind an address, against a server that breaks in every way."""

from __future__ import annotations

import gc
import json
import math
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate

import numpy as np
import pytest
from embeddings_server import (
    EmbeddingsServer,
    broken_off,
    dripping,
    hung_up,
    rows,
    serving_embeddings,
    silent,
    text,
    vectors,
)
from fakes import QUESTION, TEXT, AngleEmbedder

from ingest import add
from rag import Assistant
from rag.embedding.served_embedder import CHARACTERS_AT_ONCE, TEXTS_AT_ONCE, ServedEmbedder
from rag.errors import (
    BadModelAnswer,
    LibraryIncompatible,
    MissingExtra,
    ModelError,
    ModelPaused,
    ModelUnavailable,
    SettingsError,
)
from rag.models import make_embedder
from rag.settings import Settings
from rag.settings_layers import load_settings


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with serving_embeddings() as each:
        yield each


def given(server: EmbeddingsServer, **values) -> Settings:
    return Settings(
        **{
            "embedder": "openai:angles",
            "embedder_base_url": server.address,
            "embedder_timeout_s": 20,
            "retry_s": 0,
            "llm": "none",
            **values,
        }
    )


def made(server: EmbeddingsServer, **values) -> ServedEmbedder:
    embedder = make_embedder(given(server, **values))
    assert isinstance(embedder, ServedEmbedder)
    server.asked.clear()
    return embedder


# -- what is asked, and what comes back --------------------------------------------------------------------


def test_vectors_come_of_unit_length_and_in_order(server) -> None:
    texts = [f"plane {n} over the river" for n in range(5 * TEXTS_AT_ONCE + 1)]
    server.always = vectors(
        lambda found: [each | {"embedding": [3 * x for x in each["embedding"]]} for each in found]
    )
    found = made(server).embed(texts)
    np.testing.assert_allclose(found, AngleEmbedder().embed(texts), atol=1e-6)
    assert found.dtype == np.float32


def test_vectors_are_sorted_by_their_numbers(server) -> None:
    server.always = vectors(lambda found: found[::-1])
    texts = ["plane", "oil", "zebra"]
    np.testing.assert_allclose(made(server).embed(texts), AngleEmbedder().embed(texts), atol=1e-6)


def test_batches_are_of_a_size_that_servers_take(server) -> None:
    embedder = made(server)
    embedder.embed(["plane"] * (2 * TEXTS_AT_ONCE + 1))
    assert sorted(len(each["input"]) for each in server.asked) == [1, TEXTS_AT_ONCE, TEXTS_AT_ONCE]
    server.asked.clear()
    long = "word " * 250
    embedder.embed([long] * TEXTS_AT_ONCE)
    sizes = [sum(map(len, each["input"])) for each in server.asked]
    assert len(sizes) == 2
    assert max(sizes) <= CHARACTERS_AT_ONCE


def test_the_request_is_in_openais_form_with_the_key(server) -> None:
    made(server, embedder_api_key="secret").embed(["plane"])
    [asked] = server.asked
    assert asked == {
        "path": "/v1/embeddings",
        "model": "angles",
        "input": ["plane"],
        "encoding_format": "float",
    }
    assert server.headers[-1]["Authorization"] == "Bearer secret"


def test_a_server_of_ones_own_never_gets_the_key_of_the_provider(server, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "for-openai-only")
    made(server)
    assert server.headers[-1]["Authorization"] == "Bearer none"


def test_blank_texts_are_not_sent_and_long_ones_are_cut(server) -> None:
    made(server).embed(["", " \n", "word " * 1000])
    [asked] = server.asked
    assert all(each.strip() for each in asked["input"])
    assert len(asked["input"][2].split()) == 254


def test_requests_are_made_side_by_side_and_no_more_than_allowed(server) -> None:
    embedder = made(server, embedder_at_once=3)
    server.pace = 0.05
    embedder.embed(["plane"] * (12 * TEXTS_AT_ONCE))
    assert 2 <= server.most_at_once <= 3


def test_threads_share_the_limit(server) -> None:
    embedder = made(server, embedder_at_once=2)
    server.pace = 0.02
    texts = ["plane"] * (4 * TEXTS_AT_ONCE)
    threads = [threading.Thread(target=embedder.embed, args=(texts,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert server.most_at_once <= 2


def test_the_fingerprint_is_that_of_the_model_and_not_of_the_server(server) -> None:
    with serving_embeddings() as other:
        assert (
            made(server).fingerprint == made(other).fingerprint == f"openai:angles:{AngleEmbedder.dimensions}"
        )


# -- what passes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(text("busy", 503), id="503"),
        pytest.param(text("slow down", 429), id="429"),
        pytest.param(text("boom", 500), id="500"),
        pytest.param(text("{}", 408), id="408"),
        pytest.param(hung_up, id="no answer"),
        pytest.param(broken_off, id="broken off"),
        pytest.param(
            text('{"error": {"message": "overloaded", "code": 503}}'), id="200 with an error that passes"
        ),
    ],
)
def test_what_passes_is_tried_again(server, reply) -> None:
    embedder = made(server, retry_s=20)
    server.replies = [reply]
    assert embedder.embed(["plane"]).shape == (1, embedder.dimensions)
    assert len(server.asked) == 2


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_server_says_when_to_come_again(server, form) -> None:
    embedder = made(server, retry_s=20)
    after = "1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True)
    server.replies = [text("slow down", 429, Retry_After=after)]
    began = time.monotonic()
    embedder.embed(["plane"])
    assert time.monotonic() - began >= 0.9


def test_a_wait_that_is_too_long_is_told(server) -> None:
    embedder = made(server, retry_s=20)
    server.replies = [text("slow down", 429, Retry_After="90")]
    with pytest.raises(ModelUnavailable, match="takes no more requests now .*HTTP 429: slow down") as caught:
        embedder.embed(["plane"])
    assert caught.value.again_s == 90


def test_a_retry_after_that_is_none_is_passed_over(server) -> None:
    embedder = made(server)
    server.replies = [text("slow down", 429, Retry_After="soon")]
    with pytest.raises(ModelUnavailable) as caught:
        embedder.embed(["plane"])
    assert caught.value.again_s is None


# -- what does not -----------------------------------------------------------------------------------------


def spoiled(value: object):
    """Return vectors the first of which has `value` as its first number."""

    def spoil(found: list[dict]) -> list[dict]:
        found[0]["embedding"][0] = value
        return found

    return vectors(spoil)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(vectors(lambda found: found[:-1]), "gave 1 vectors, .* the 2 texts", id="too few"),
        pytest.param(vectors(lambda found: found * 2), "gave 4 vectors", id="too many"),
        pytest.param(vectors(lambda found: []), "gave 0 vectors", id="none"),
        pytest.param(vectors(lambda found: [found[0], found[0]]), "numbered otherwise", id="one twice"),
        pytest.param(spoiled(math.nan), "no direction", id="NaN"),
        pytest.param(spoiled(math.inf), "no direction", id="infinite"),
        pytest.param(spoiled(1e300), "no direction", id="too large"),
        pytest.param(spoiled("x"), "something else than numbers", id="words"),
        pytest.param(spoiled([1.0]), "something else than numbers", id="nested"),
        pytest.param(spoiled(None), "no direction|something else", id="null"),
        pytest.param(
            vectors(lambda found: [each | {"embedding": [0.0] * 12} for each in found]), "zeros", id="zeros"
        ),
        pytest.param(
            vectors(lambda found: [each | {"embedding": [1.0] * 7} for each in found]),
            "vectors of 7 numbers, and of 12 before: another model has its name",
            id="another size",
        ),
        pytest.param(
            vectors(lambda found: [found[0], found[1] | {"embedding": [1.0]}]),
            "1, 12 numbers at once",
            id="two sizes",
        ),
        pytest.param(
            vectors(lambda found: [each | {"embedding": "AACAPwAA"} for each in found]),
            "numbers",
            id="base64 that nobody asked for",
        ),
        pytest.param(text("<html>Sign in to the hotel</html>", kind="text/html"), "Sign in", id="HTML"),
        pytest.param(text(""), "JSON|nothing", id="empty"),
        pytest.param(text("[1, 2]"), "OpenAI's form", id="a list"),
        pytest.param(text('{"data": null}'), "OpenAI's form", id="null data"),
        pytest.param(text('{"data": [{"vector": [1]}]}'), "OpenAI's form", id="other names"),
        pytest.param(text('{"error": "no such thing"}'), "no such thing", id="200 with an error"),
        pytest.param(text('{"object": "error", "message": "bad"}'), "bad", id="200 with vLLM's error"),
    ],
)
def test_what_is_no_answer_is_told_and_not_tried_again(server, reply, words) -> None:
    embedder = made(server, retry_s=20)
    server.replies = [reply]
    with pytest.raises(BadModelAnswer, match=words) as caught:
        embedder.embed(["plane", "oil"])
    assert str(caught.value).startswith(f"the embedder openai:angles at {server.address} ")
    assert "check FOOTNOTE_EMBEDDER and FOOTNOTE_EMBEDDER_BASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(server.asked) == 1
    assert embedder.embed(["plane"]).shape == (1, embedder.dimensions)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(text("no", 401), "refuses the key .*set FOOTNOTE_EMBEDDER_API_KEY", id="401"),
        pytest.param(text("no", 403), "refuses the key", id="403"),
        pytest.param(text("no model", 404), "does not exist there .*check FOOTNOTE_EMBEDDER", id="404"),
        pytest.param(text('{"error": {"message": "bad input"}}', 422), "HTTP 422: bad input", id="422"),
        pytest.param(text("", 307, Location="http://elsewhere.example/"), "HTTP 307", id="elsewhere"),
        pytest.param(
            text('{"error": {"message": "maximum context length is 8", "code": 400}}'),
            "longer than",
            id="too long",
        ),
    ],
)
def test_what_the_server_refuses_is_told_and_not_tried_again(server, reply, words) -> None:
    embedder = made(server, retry_s=20)
    server.replies = [reply]
    with pytest.raises(ModelError, match=words) as caught:
        embedder.embed(["plane"])
    assert not caught.value.retryable
    assert len(server.asked) == 1


@pytest.mark.parametrize("reply", [silent, dripping])
def test_an_answer_that_does_not_come_is_given_up(server, reply) -> None:
    embedder = made(server, embedder_timeout_s=0.3)
    server.replies = [reply]
    with pytest.raises(
        ModelUnavailable, match=r"did not answer within 0\.3 s; .*FOOTNOTE_EMBEDDER_TIMEOUT_S"
    ):
        embedder.embed(["plane"])


def test_a_server_that_is_not_there(server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(
        ModelUnavailable, match="cannot be reached; start its server, or correct FOOTNOTE_EMBEDDER_BASE"
    ):
        make_embedder(given(server, embedder_base_url=f"http://127.0.0.1:{port}/v1"))


@pytest.mark.parametrize("address", ["http://[", "127.0.0.1:8000/v1", "ftp://127.0.0.1/v1"])
def test_an_address_that_is_none(server, address) -> None:
    with pytest.raises((SettingsError, ModelUnavailable), match=r"(?i)embedder_base_url"):
        make_embedder(given(server, embedder_base_url=address))


def test_a_hosted_one_needs_a_key() -> None:
    with pytest.raises(MissingExtra, match="set OPENAI_API_KEY or FOOTNOTE_EMBEDDER_API_KEY"):
        make_embedder(Settings(embedder="openai:text-embedding-3-small"))


def test_a_model_needs_a_name() -> None:
    with pytest.raises(SettingsError, match="name of the model is missing"):
        load_settings({"embedder": "openai:"}, environ={})


def test_a_server_that_keeps_failing_is_left_alone(server) -> None:
    embedder = made(server)
    server.always = text("boom", 500)
    for _ in range(5):
        with pytest.raises(ModelUnavailable, match="HTTP 500: boom"):
            embedder.embed(["plane"])
    with pytest.raises(
        ModelPaused, match=r"openai:angles at .* failed 5 times in a row .* ask again in \d+ s"
    ):
        embedder.embed(["plane"])
    assert len(server.asked) == 5


def test_one_batch_that_fails_fails_all(server) -> None:
    embedder = made(server, embedder_at_once=2)
    server.replies = [vectors(), text("no", 400)]
    with pytest.raises(ModelError, match="HTTP 400"):
        embedder.embed(["plane"] * (40 * TEXTS_AT_ONCE))
    assert len(server.asked) < 40  # the others are not asked any more


def test_connections_are_closed_with_the_embedder(server) -> None:
    embedder = made(server)
    client = embedder._client
    del embedder
    gc.collect()
    assert client.is_closed


# -- the whole way -----------------------------------------------------------------------------------------


def test_a_library_is_made_and_asked(server, tmp_path) -> None:
    settings = given(server, library=tmp_path / "library", llm="none")
    (tmp_path / "news.txt").write_text(TEXT)
    add(settings.library, tmp_path / "news.txt", settings=settings)
    with Assistant.open(settings=settings) as assistant:
        answer = assistant.ask(QUESTION)
    assert answer.quotes[0].quote == "A plane came from Libya on 26 October."


def test_the_server_may_move_and_the_model_may_not_change(server, tmp_path) -> None:
    settings = given(server, library=tmp_path / "library")
    (tmp_path / "news.txt").write_text(TEXT)
    add(settings.library, tmp_path / "news.txt", settings=settings)
    with serving_embeddings() as moved:
        there = settings.model_copy(update={"embedder_base_url": moved.address})
        with Assistant.open(settings=there) as assistant:
            assert assistant.ask(QUESTION).quotes
        with pytest.raises(LibraryIncompatible, match="openai:other:12"):
            Assistant.open(settings=there.model_copy(update={"embedder": "openai:other"}))


def test_adding_waits_for_a_server_that_is_away(server, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("ingest.patience.AGAIN_S", 0.05)
    settings = given(server, library=tmp_path / "library")
    (tmp_path / "news.txt").write_text(TEXT)
    failing = iter([text("boom", 500)] * 2)
    server.replies = [vectors(), *failing]
    [outcome] = add(settings.library, tmp_path / "news.txt", settings=settings)
    assert outcome.kind == "added"
    assert len(server.asked) == 4


def test_adding_gives_up_in_the_end_and_keeps_what_is_committed(server, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("ingest.patience.PATIENCE_S", 0.0)
    settings = given(server, library=tmp_path / "library")
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text(f"{name}: {TEXT}")
    add(settings.library, tmp_path / "one.txt", settings=settings)
    server.replies = [vectors(), text("boom", 500)]
    with pytest.raises(ModelUnavailable, match="boom"):
        add(settings.library, tmp_path, settings=settings)
    found = add(settings.library, tmp_path, settings=settings)
    assert sorted((each.path.name, each.kind) for each in found if each.kind != "failed")[:2] == [
        ("one.txt", "same"),
        ("two.txt", "added"),
    ]


def test_the_rows_of_the_server_are_openais() -> None:
    assert json.dumps(rows(["plane"])[0]).startswith('{"object": "embedding", "index": 0, "embedding": [')
