from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from fakes import AngleEmbedder

from rag.retrieval.wrapping import RememberingEmbedder
from rag.vectors import TokenVectors

TEXTS = ["a plane at the river", "oil", ""]


def test_what_is_remembered_is_what_was_made():
    embedder = AngleEmbedder()
    remembering = RememberingEmbedder(embedder)
    for _ in range(2):
        seen = remembering.embed_tokens([*TEXTS, *TEXTS[::-1]])
        for one, other in zip(seen, AngleEmbedder().embed_tokens([*TEXTS, *TEXTS[::-1]]), strict=True):
            assert one.tokens == other.tokens
            assert np.array_equal(one.whole, other.whole)
            assert np.array_equal(one.vectors, other.vectors)
    assert embedder.texts == TEXTS
    assert remembering.embed_tokens([]) == []


def test_the_rest_is_the_embedders_own():
    embedder = AngleEmbedder()
    remembering = RememberingEmbedder(embedder)
    assert (remembering.fingerprint, remembering.dimensions) == (embedder.fingerprint, embedder.dimensions)
    assert np.array_equal(remembering.embed(TEXTS), AngleEmbedder().embed(TEXTS))
    assert remembering.count_tokens("a plane.") == 3
    assert remembering.token_offsets("a plane") == [(0, 1), (2, 7)]


def test_what_was_not_asked_for_longest_is_forgotten():
    embedder = AngleEmbedder()
    [one] = embedder.embed_tokens(["oil"])
    remembering = RememberingEmbedder(embedder, kept_bytes=2 * (one.whole.nbytes + one.vectors.nbytes))
    embedder.texts.clear()
    for text in ("oil", "plane", "oil", "river", "oil", "plane"):
        assert len(remembering.embed_tokens([text])) == 1
    assert embedder.texts == ["oil", "plane", "river", "plane"]


def test_what_is_larger_than_the_memory_is_made_each_time():
    embedder = AngleEmbedder()
    remembering = RememberingEmbedder(embedder, kept_bytes=1)
    for _ in range(2):
        assert [seen.tokens for seen in remembering.embed_tokens(["oil"])] == [("oil",)]
    assert embedder.texts == ["oil", "oil"]


def test_threads_that_look_for_the_same_embed_it_once():
    entered, leave = threading.Event(), threading.Event()

    class Slow(AngleEmbedder):
        def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
            entered.set()
            assert leave.wait(120)
            return super().embed_tokens(texts)

    embedder = Slow()
    remembering = RememberingEmbedder(embedder)
    found: list[list[TokenVectors]] = []
    threads = [
        threading.Thread(target=lambda: found.append(remembering.embed_tokens(["oil", "plane"])))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    assert entered.wait(120)
    leave.set()
    for thread in threads:
        thread.join(120)
    assert len(found) == 8
    assert embedder.texts == ["oil", "plane"]
