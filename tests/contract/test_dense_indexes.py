"""Every dense index gives the same answers."""

from __future__ import annotations

import math
import secrets

import httpx
import numpy as np
import pytest
from fakes import document

from rag.dense.chroma_server import UPKEEP_S, ChromaServer
from rag.dense.index import ChromaIndex, ExactIndex, Wire
from rag.settings import Settings
from rag.types import Passage, Text


def angle(degrees: float):
    radians = math.radians(degrees)
    return np.array([math.cos(radians), math.sin(radians)], np.float32)


ANGLES = {f"p{degrees:03}": degrees for degrees in range(0, 180, 15)}


@pytest.fixture
def server(chroma):
    server = ChromaServer(Settings(chroma=chroma.url), UPKEEP_S)
    yield server
    server.close()


@pytest.fixture(params=["exact", "chroma", pytest.param("served", marks=pytest.mark.shared)])
def index(request, library, tmp_path):
    ids, vectors = list(ANGLES), np.array([angle(d) for d in ANGLES.values()])
    if request.param == "exact":
        passages = [Passage(i, "d", f"text {i}", n, n + 1) for n, i in enumerate(ids)]
        text = Text("x" * len(ids), "text/plain")
        library.put(document("d", text.text, len(ids)), text, passages, [""] * len(ids), vectors)
        yield ExactIndex(library.catalog)
    elif request.param == "served":
        served = request.getfixturevalue("server").create(f"angles-{secrets.token_hex(4)}")
        served.add(ids, vectors)
        yield served
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


@pytest.fixture(params=["chroma", pytest.param("served", marks=pytest.mark.shared)])
def collection(request, tmp_path):
    if request.param == "served":
        yield request.getfixturevalue("server").create(f"many-{secrets.token_hex(4)}")
    else:
        index = ChromaIndex(tmp_path / "large")
        yield index
        index.close()


def test_batches_above_the_limit_are_split(collection) -> None:
    collection.add([f"p{i}" for i in range(9_000)], np.tile(angle(3), (9_000, 1)))
    assert collection.count() == 9_000
    collection.remove([f"p{i}" for i in range(1, 9_000)])
    assert collection.ids() == {"p0"}


def test_a_vector_that_is_there_stays_as_it_is(collection) -> None:
    collection.add(["p1"], angle(10)[None])
    collection.add(["p1", "p2"], np.array([angle(50), angle(90)]))
    assert collection.count() == 2
    [(_, score)] = collection.search(angle(10), 1)
    assert score == pytest.approx(1, abs=1e-4)


def test_many_questions_are_answered_one_by_one(collection) -> None:
    collection.add(list(ANGLES), np.array([angle(d) for d in ANGLES.values()]))
    asked = np.array([angle(d + 1) for d in ANGLES.values()])
    assert [hits[0][0] for hits in collection.search_many(asked, 1)] == list(ANGLES)


def test_a_request_is_kept_below_what_a_proxy_passes() -> None:
    wire = Wire(rows=4000, payload=900_000)
    assert (wire.stored_at_once(384), wire.asked_at_once(384)) == (421, 106)
    assert (wire.stored_at_once(4), wire.asked_at_once(1_000_000)) == (4000, 1)


@pytest.mark.shared
def test_requests_on_the_wire_are_as_small_as_they_are_said_to_be(server, monkeypatch) -> None:
    sizes: list[int] = []
    index = server.create(f"wire-{secrets.token_hex(4)}")
    send = httpx.Client.send

    def measured(client, request, **options):
        sizes.append(len(request.read()))
        return send(client, request, **options)

    monkeypatch.setattr(httpx.Client, "send", measured)
    vectors = np.random.default_rng(0).standard_normal((500, 384)).astype(np.float32)
    index.add([f"{i:024}" for i in range(500)], vectors)
    assert len(index.search_many(vectors[:120], 1)) == 120
    assert max(sizes) < 950_000
    assert len(sizes) == 4


@pytest.mark.parametrize("n", [0, 8, 9])
def test_its_ids_are_listed_some_at_a_time(collection, n, monkeypatch) -> None:
    monkeypatch.setattr("rag.dense.index._LISTED", 4)
    ids = [f"p{i}" for i in range(n)]
    collection.add(ids, np.ones((n, 2), np.float32))
    assert collection.ids() == set(ids)
    assert collection.lacking([*ids, "other"]) == ["other"]
