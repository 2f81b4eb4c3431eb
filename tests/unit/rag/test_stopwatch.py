"""Where the time of a question goes."""

from __future__ import annotations

from contextlib import suppress
from typing import get_args

import pytest
from fakes import QUESTION, TEXT, put, says

import rag.stopwatch
from rag.retrieval.followup import FollowUp
from rag.retrieval.search import search
from rag.stopwatch import Stage, Stopwatch
from rag.types import AnswerFinished, EvidenceFound


class Clock:
    """Stands still, but while something works."""

    def __init__(self) -> None:
        self.now = 0.0

    def slow(self, monkeypatch, owner: object, name: str, seconds: float) -> None:
        """Let each call of a method take so long."""
        method = getattr(owner, name)

        def slowly(*args, **kwargs):
            self.now += seconds
            return method(*args, **kwargs)

        monkeypatch.setattr(owner, name, slowly)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    stands = Clock()
    monkeypatch.setattr(rag.stopwatch, "perf_counter", lambda: stands.now)
    return stands


def test_what_is_come_back_to_is_summed_and_a_failure_counts(clock) -> None:
    watch = Stopwatch()
    for seconds in (1, 4):
        with watch.during("dense"):
            clock.now += seconds
    with suppress(ZeroDivisionError), watch.during("rank"):
        clock.now += 2
        raise ZeroDivisionError
    assert watch.seconds == {"dense": 5, "rank": 2}


def test_each_second_counts_for_the_stage_that_took_it(clock, monkeypatch, library, embedder) -> None:
    put(library, "news", TEXT, embedder)
    clock.slow(monkeypatch, library, "begin_dense", 1)
    clock.slow(monkeypatch, library.catalog, "search", 10)
    clock.slow(monkeypatch, library.catalog, "document_frequency", 100)
    clock.slow(monkeypatch, library.catalog, "passages", 1_000)
    clock.slow(monkeypatch, library.catalog, "pages", 10_000)
    clock.slow(monkeypatch, embedder, "embed_tokens", 100_000)
    found = search(library, embedder, FollowUp(QUESTION), 3)
    assert found.seconds == {"dense": 1, "lexical": 110, "fuse": 1_000, "rank": 110_000, "embed": 200_000}


def test_a_stream_tells_every_stage_with_the_quotes(assistant) -> None:
    first, *_, last = says(assistant, "The plane came on 26 October.").stream(QUESTION)
    assert isinstance(first, EvidenceFound)
    assert isinstance(last, AnswerFinished)
    assert set(first.seconds) == set(get_args(Stage))
    assert 0 <= sum(first.seconds.values()) <= last.answer.timings["retrieve_s"]
