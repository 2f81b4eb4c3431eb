"""Every dense index gives the same answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fakes import document

from rag.index import ChromaIndex, ExactIndex
from rag.types import Passage, Text


def angle(degrees: float):
    radians = math.radians(degrees)
    return np.array([math.cos(radians), math.sin(radians)], np.float32)


ANGLES = {f"p{degrees:03}": degrees for degrees in range(0, 180, 15)}


@pytest.fixture(params=["exact", "chroma"])
def index(request, library, tmp_path):
    ids, vectors = list(ANGLES), np.array([angle(d) for d in ANGLES.values()])
    if request.param == "exact":
        passages = [Passage(i, "d", f"text {i}", n, n + 1) for n, i in enumerate(ids)]
        text = Text("x" * len(ids), "text/plain")
        library.put(document("d", text.text, len(ids)), text, passages, [""] * len(ids), vectors)
        yield ExactIndex(library.catalog)
    else:
        chroma = ChromaIndex(tmp_path / "chroma")
        chroma.add(ids, vectors)
        yield chroma
        chroma.close()


def test_the_nearest_come_first(index) -> None:
    assert [i for i, _ in index.search(angle(61), 3)] == ["p060", "p075", "p045"]


def test_scores_are_cosines(index) -> None:
    [(_, score)] = index.search(angle(70), 1)
    assert score == pytest.approx(math.cos(math.radians(5)), abs=1e-4)


def test_more_than_there_are_gives_all(index) -> None:
    assert {i for i, _ in index.search(angle(0), 100)} == set(ANGLES)


def test_chroma_batches_above_its_limit_are_split(tmp_path) -> None:
    index = ChromaIndex(tmp_path / "large")
    index.add([f"p{i}" for i in range(9_000)], np.tile(angle(3), (9_000, 1)))
    assert index.count() == 9_000
    index.remove([f"p{i}" for i in range(1, 9_000)])
    assert index.ids() == {"p0"}
    index.close()
