"""The larger a library, the more widely its graph is searched; one that grew is widened when it is opened."""

from __future__ import annotations

import numpy as np
import pytest

from rag.dense import index as dense
from rag.dense.index import ChromaIndex, width


def configured(folder) -> int:
    opened = ChromaIndex(folder)
    try:
        return opened.width()
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("count", "among"),
    [(0, 800), (100_000, 800), (200_000, 1000), (399_999, 1000), (1_000_000, 5000), (10**9, 8000)],
)
def test_how_widely_a_graph_is_searched(count, among):
    assert width(count) == among


def test_an_index_is_made_as_wide_as_it_will_need_and_never_narrowed(tmp_path):
    ChromaIndex(tmp_path / "large", 1_000_000).close()
    assert configured(tmp_path / "large") == 5000
    opened = ChromaIndex(tmp_path / "large")
    opened.widen(10)
    opened.close()
    assert configured(tmp_path / "large") == 5000


def test_a_wider_search_finds_more_of_the_nearest_of_an_index_that_grew(tmp_path, monkeypatch):
    monkeypatch.setattr(dense, "NARROWEST", 10)
    monkeypatch.setattr(dense, "HNSW", dense.HNSW | {"max_neighbors": 4, "ef_construction": 10})
    drawn = np.random.default_rng(3).standard_normal((3000, 48)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    ids = [f"{n:04}" for n in range(len(drawn))]
    truth = {i: {ids[n] for n in np.argsort(-(drawn @ drawn[i]))[:10]} for i in range(40)}

    def recall(count: int) -> float:
        opened = ChromaIndex(tmp_path / "grown")
        opened.widen(count)
        if not opened.count():
            opened.add(ids, drawn)
        found = opened.search_many(drawn[:40], 10)
        opened.close()
        return sum(len({i for i, _ in here} & truth[n]) for n, here in enumerate(found)) / 400

    narrow = recall(0)
    assert recall(1_000_000) > narrow + 0.1
