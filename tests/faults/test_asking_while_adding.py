"""Four threads ask while one adds, changes and removes: no error, and no answer from two versions."""

from __future__ import annotations

import re
import threading
import time

import pytest
from tally import TALLY, some
from workload import NAMES, HashEmbedder, put, remove, small_index_steps, text_of, words

from rag.evidence import Span
from rag.library import Library
from rag.retrieval.followup import FollowUp
from rag.retrieval.search import search

ROUNDS = some(60, 6)
_VERSION = re.compile(r"doc\d+v(\d+)p")


@pytest.fixture
def library(path, files):
    small_index_steps()
    with Library.open(path, create=True) as opened:
        opened.require(HashEmbedder.fingerprint)
        put(opened, files, list(NAMES), 1)
        yield opened


def test_four_threads_ask_while_one_adds(library, files) -> None:
    done = threading.Event()
    wrong: list[str] = []
    longest = [0.0]

    def ask(number: int) -> None:
        embedder = HashEmbedder()
        asked = 0
        while not done.is_set() or not asked:
            name = NAMES[(number + asked) % len(NAMES)]
            asked += 1
            started = time.monotonic()
            try:
                question = f"What goes on after {words(name, 1)[0]} of {name}?"
                found = search(library, embedder, FollowUp(question), 6)
            except Exception as error:
                wrong.append(repr(error))
                return
            longest[0] = max(longest[0], time.monotonic() - started)
            wrong.extend(_mixed(found.spans))
        TALLY["asking while adding: questions"] += asked

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for version in range(2, 2 + ROUNDS):
        put(library, files, list(NAMES[version % 3 :: 2]), version)
        remove(library, files, NAMES[version % len(NAMES)])
    done.set()
    for thread in threads:
        thread.join()
    TALLY["asking while adding: slowest question, ms"] = round(1000 * longest[0])
    assert wrong == []


def _mixed(spans: list[Span]) -> list[str]:
    """Return the documents of which two versions, or a text of no version, are in one answer."""
    versions: dict[str, set[str]] = {}
    wrong = []
    for span in spans:
        seen = set(_VERSION.findall(span.text))
        versions.setdefault(span.passage.title, set()).update(seen)
        if seen and text_of(span.passage.title, int(min(seen)))[span.start : span.end] != span.text:
            wrong.append(f"{span.passage.title}: {span.text} is not where it says")
    return wrong + [f"{title} answers from {found}" for title, found in versions.items() if len(found) > 1]
