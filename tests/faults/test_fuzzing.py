"""Real files, damaged at random: each is read, or refused in plain words, and none crashes the reader.

``make faults`` tries 3,000 of each format, and other ones each time; ``FOOTNOTE_EXAMPLES`` sets how many.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from fakes import AngleEmbedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import ARCHIVES, SEEDS, Edit, damaged, damaged_within, edits
from tally import LONG
from trial import JARGON

from ingest.chunk import chunk
from ingest.worker import Worker
from rag.errors import LoadError
from rag.types import Text

EXAMPLES = int(os.environ.get("FOOTNOTE_EXAMPLES", "3000" if LONG else "25"))
SOURCES = {suffix: make() for suffix, make in SEEDS.items()}

fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as worker:
        yield worker


def check(worker: Worker, suffix: str, data: bytes) -> None:
    """Read a file in the fence; hold the text, and what is cut from it, to what they promise."""
    try:
        text = worker.load(Path(f"a.{suffix}"), data)
    except LoadError as error:
        check_words(str(error), f"a.{suffix}: ")
        return
    check_text(text)
    passages = chunk(text, "a", "a", AngleEmbedder().token_offsets)
    assert all(text.text[p.start : p.end] == p.text for p in passages)
    assert sum(len("".join(p.text.split())) for p in passages) == len("".join(text.text.split()))


def check_words(message: str, start: str) -> None:
    words = message.removeprefix(start)
    assert words != message
    assert not JARGON.search(words), words
    assert not any(sign in words for sign in ("crashes", "sensible", "more than 30 s")), words


def check_text(text: Text) -> None:
    text.text.encode()
    assert "\0" not in text.text
    assert any(map(str.isalnum, text.text))
    starts = [heading.start for heading in text.headings]
    for places in (text.pages, starts):
        assert all(a <= b for a, b in pairwise(places))
        assert all(0 <= place <= len(text.text) for place in places)


def test_the_files_themselves_are_read(worker: Worker):
    for suffix, data in SOURCES.items():
        assert "amp" in worker.load(Path(f"a.{suffix}"), data).text


@pytest.mark.parametrize("suffix", sorted(SOURCES))
def test_damaged_files(worker: Worker, suffix: str):
    @fuzzed
    @given(edits("pdf" if suffix == "pdf" else "text"))
    def run(damages: list[Edit]) -> None:
        check(worker, suffix, damaged(SOURCES[suffix], damages))

    run()


@pytest.mark.parametrize("suffix", sorted(ARCHIVES))
def test_archives_with_a_damaged_part(worker: Worker, suffix: str):
    @fuzzed
    @given(st.floats(0, 1), edits("xml"))
    def run(member: float, damages: list[Edit]) -> None:
        check(worker, suffix, damaged_within(SOURCES[suffix], member, damages))

    run()
