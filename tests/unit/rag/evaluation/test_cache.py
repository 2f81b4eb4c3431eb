"""Outputs of models are made once, and come back as they were."""

from __future__ import annotations

import sqlite3
import threading

import numpy as np
import pytest
from fakes import AngleEmbedder
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.outputs import ChatGenerationChunk

from rag.answer.writer import Writer
from rag.errors import StorageError
from rag.evaluation.cache import Cache, CachedChat, CachedEmbedder
from rag.settings import Settings


class Talker(BaseChatModel):
    """Says its number of calls in three chunks, with log-probabilities."""

    calls: list = []

    @property
    def _llm_type(self) -> str:
        return "talker"

    def _generate(self, *args, **kwargs):
        raise AssertionError("only streams are used")

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        self.calls.append((messages[-1].content, kwargs))
        for number, word in enumerate((str(len(self.calls)), " plane", " landed")):
            token = {"logprob": -number, "top_logprobs": [{"token": "Yes", "logprob": -number}]}
            message = AIMessageChunk(word, response_metadata={"logprobs": {"content": [token]}})
            yield ChatGenerationChunk(message=message)


class Talking:
    """A `ChatModel` that counts how often it is started."""

    name = "talker"

    def __init__(self) -> None:
        self.model = Talker(calls=[])
        self.used = 0

    def start(self) -> None:
        raise AssertionError("the cache starts it only by asking it")

    def runnable(self) -> Talker:
        self.used += 1
        return self.model

    def close(self) -> None:
        raise AssertionError("its owner closes it")


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "evaluation") as opened:
        yield opened


def chat(cache, talking=None, **settings):
    return CachedChat(talking or Talking(), cache, Settings(llm="none", **settings))


def told(chunks) -> list[tuple]:
    return [(c.text, c.response_metadata, c.usage_metadata, c.chunk_position) for c in chunks]


def test_a_replayed_stream_is_the_first_one(cache) -> None:
    talking = Talking()
    first = told(chat(cache, talking).runnable().stream("When?"))
    again = told(chat(cache, talking).runnable().stream("When?"))
    assert again == first
    assert [text for text, *_ in first][:3] == ["1", " plane", " landed"]
    [last] = first[2][1]["logprobs"]["content"]
    assert (last["logprob"], last["top_logprobs"]) == (-2, [{"token": "Yes", "logprob": -2}])
    assert (talking.used, len(talking.model.calls)) == (1, 1)


def test_a_known_answer_survives_the_process(tmp_path) -> None:
    with Cache(tmp_path) as cache:
        first = told(chat(cache).runnable().stream([("system", "s"), ("user", "When?")]))
    talking = Talking()
    with Cache(tmp_path) as cache:
        assert told(chat(cache, talking).runnable().stream([("system", "s"), ("user", "When?")])) == first
    assert talking.used == 0


def test_invoke_replays_too(cache) -> None:
    talking = Talking()
    model = chat(cache, talking).runnable()
    assert model.invoke("When?").text == model.invoke("When?").text == "1 plane landed"
    assert len(talking.model.calls) == 1


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda cache, talking: chat(cache, talking).runnable().stream("Where?"), id="question"),
        pytest.param(
            lambda cache, talking: chat(cache, talking).runnable().stream([("system", "When?")]), id="role"
        ),
        pytest.param(
            lambda cache, talking: chat(cache, talking).runnable().bind(logprobs=True).stream("When?"),
            id="bound parameters",
        ),
        pytest.param(
            lambda cache, talking: chat(cache, talking).runnable().stream("When?", stop=["."]),
            id="stop words",
        ),
        pytest.param(
            lambda cache, talking: chat(cache, talking, answer_tokens=20).runnable().stream("When?"),
            id="longest answer",
        ),
    ],
)
def test_what_matters_is_asked_anew(cache, ask) -> None:
    talking = Talking()
    list(chat(cache, talking).runnable().stream("When?"))
    list(ask(cache, talking))
    assert len(talking.model.calls) == 2


def test_bound_parameters_reach_the_real_model(cache) -> None:
    talking = Talking()
    list(chat(cache, talking).runnable().bind(logprobs=True, max_tokens=1).stream("When?"))
    assert talking.model.calls == [("When?", {"logprobs": True, "max_tokens": 1})]


def test_a_stream_that_is_broken_off_is_not_kept(cache) -> None:
    talking = Talking()
    stream = chat(cache, talking).runnable().stream("When?")
    next(stream)
    stream.close()
    assert [text for text, *_ in told(chat(cache, talking).runnable().stream("When?"))][0] == "2"


def test_few_words_and_a_yes_of_a_local_model_are_kept(cache) -> None:
    talking = Talking()
    for _ in range(2):
        writer = Writer(chat(cache, talking), Settings(llm="local"), None)
        assert writer.say([("user", "Which?")], 2) == "1 plane"
        assert writer.chance_of_yes([("user", "Is it right?")]) == 1.0
    assert len(talking.model.calls) == 2


def test_callbacks_see_each_word_once(cache) -> None:
    class Ear(BaseCallbackHandler):
        def __init__(self) -> None:
            self.heard = []

        def on_llm_new_token(self, token, **kwargs) -> None:
            self.heard.append(token)

    model = chat(cache).runnable()
    for _ in range(2):
        ear = Ear()
        list(model.stream([HumanMessage("When?")], {"callbacks": [ear]}))
        assert "".join(ear.heard) == "1 plane landed"


def test_vectors_are_made_once(cache) -> None:
    embedder = AngleEmbedder()
    cached = CachedEmbedder(embedder, cache)
    first = cached.embed(["plane", "oil", "plane"])
    again = CachedEmbedder(embedder, cache).embed(["oil", "zebra", "plane"])
    assert embedder.texts == ["plane", "oil", "zebra"]
    assert first.shape == (3, embedder.dimensions)
    assert np.array_equal(first, AngleEmbedder().embed(["plane", "oil", "plane"]))
    assert np.array_equal(again[0], first[1])
    assert cached.embed([]).shape == (0, embedder.dimensions)


def test_token_vectors_are_made_once_and_come_back_the_same(cache) -> None:
    embedder = AngleEmbedder()
    texts = ["a plane at the river", "oil", ""]
    first = CachedEmbedder(embedder, cache).embed_tokens(texts)
    embedder.texts.clear()
    again = CachedEmbedder(embedder, cache).embed_tokens(list(reversed(texts)))
    assert embedder.texts == []
    for kept, made, plain in zip(reversed(again), first, AngleEmbedder().embed_tokens(texts), strict=True):
        assert kept.tokens == made.tokens == plain.tokens
        assert np.array_equal(kept.vectors, made.vectors)
        assert np.allclose(kept.vectors, plain.vectors, atol=1e-3)
        assert np.array_equal(kept.whole, made.whole)
        assert np.array_equal(made.whole, plain.whole)


def test_the_real_embedder_warms_up_only_for_many_new_texts(cache) -> None:
    class Slow(AngleEmbedder):
        warmed = 0

        def warm(self) -> None:
            self.warmed += 1

    texts = [f"plane {n}" for n in range(60)]
    slow = Slow()
    cached = CachedEmbedder(slow, cache)
    cached.warm()
    cached.embed(texts)
    cached.embed(texts)
    assert slow.warmed == 0
    cached.embed_tokens(texts[:5])
    assert slow.warmed == 1


def test_another_embedder_has_vectors_of_its_own(cache) -> None:
    one, two = AngleEmbedder(), AngleEmbedder()
    two.fingerprint = "fake:other"
    CachedEmbedder(one, cache).embed(["plane"])
    CachedEmbedder(two, cache).embed(["plane"])
    assert two.texts == ["plane"]


def test_many_texts_at_once(cache) -> None:
    texts = [f"plane {n}" for n in range(1203)]
    cached = CachedEmbedder(AngleEmbedder(), cache)
    assert np.array_equal(cached.embed(texts), cached.embed(texts))


def test_threads_and_processes_share_it(tmp_path) -> None:
    with Cache(tmp_path) as one, Cache(tmp_path) as two:
        errors = []

        def work(cache, start) -> None:
            try:
                for n in range(start, start + 40):
                    CachedEmbedder(AngleEmbedder(), cache).embed([f"oil {n % 50}"])
                    list(chat(cache).runnable().stream(f"When {n % 50}?"))
            except StorageError as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(c, s)) for c in (one, two) for s in (0, 20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert one.stream(b"unknown") is None


def test_a_damaged_cache_is_said(tmp_path) -> None:
    (tmp_path / "outputs.sqlite").write_bytes(b"no database" * 400)
    with pytest.raises(StorageError, match=r"outputs\.sqlite cannot be used .*: remove it"):
        Cache(tmp_path)


def test_a_cache_that_breaks_later_is_said(cache) -> None:
    with sqlite3.connect(cache.path) as other:
        other.execute("DROP TABLE streams")
    other.close()
    with pytest.raises(StorageError, match="cannot be used"):
        cache.stream(b"key")


def test_it_lies_beside_the_model_files(tmp_path) -> None:
    with Cache.of(Settings(models=tmp_path / "cache" / "models")) as cache:
        assert cache.path == tmp_path / "cache" / "evaluation" / "outputs.sqlite"
