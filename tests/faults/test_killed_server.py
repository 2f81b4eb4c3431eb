"""The server of the catalogue is killed while people add, remove and ask, and started again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import clusters
import pytest
from fakes import AngleEmbedder, put
from pydantic import SecretStr
from tally import LONG

from rag.errors import CatalogUnavailable
from rag.library import Library

WRITERS = 3


@pytest.fixture
def own_cluster() -> Iterator[clusters.Cluster]:
    running = clusters.started()
    yield running
    running.stop()


@pytest.fixture
def shared(settings, own_cluster):
    return settings.model_copy(update={"catalog": SecretStr(own_cluster.url)})


@pytest.mark.shared
def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(shared, own_cluster, tmp_path) -> None:
    kills, stopping, told = 20 if LONG else 3, threading.Event(), [set[str]() for _ in range(WRITERS)]
    asked: list[str] = []
    Library.of(shared, create=True).close()

    def write(number: int) -> None:
        """Add documents, and remove every third again, each until that is told; what is told is noted."""
        with Library.of(shared.at(tmp_path / str(number))) as library:
            for i in count():
                if stopping.is_set():
                    return
                name = f"w{number}-{i}"
                text = f"A zebra ran {i}.\nThe moon of {name} rose."
                while _said(lambda name=name, text=text: put(library, name, text, AngleEmbedder())):
                    pass
                told[number].add(name)
                if i % 3 == 2:
                    while _said(lambda name=name: library.remove(name)):
                        pass
                    told[number].discard(name)

    def ask() -> None:
        """Ask all the time; only that the server is away may be said."""
        with Library.of(shared.at(tmp_path / "asking")) as library:
            while not stopping.is_set():
                asked.append(_said(lambda: library.catalog.search(["zebra"], 5)))

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        running = [*(pool.submit(write, number) for number in range(WRITERS)), pool.submit(ask)]
        try:
            _kill_often(own_cluster, kills, told)
        finally:
            stopping.set()
        for each in running:
            each.result()

    with Library.of(shared) as library:
        held = {each.id for each in library.documents()}
        assert held == set().union(*told)
        assert len(library) == 2 * len(held) == len(library.catalog.passage_ids())
        with library.catalog.transaction(write=False) as connection:
            assert library.catalog.lexical.fits(connection)
    assert set(asked) <= {"", "CatalogUnavailable"}
    assert asked[-1] == ""


def _kill_often(cluster: clusters.Cluster, kills: int, told: list[set[str]]) -> None:
    """Kill the server at any moment, each time once all have gone on since the last."""
    drawn = random.Random(7)
    for _ in range(kills):
        before = [set(each) for each in told]
        _wait(lambda before=before: all(each - old for each, old in zip(told, before, strict=True)))
        time.sleep(drawn.random() / 4)
        cluster.kill()
        cluster.start()
    before = [set(each) for each in told]
    _wait(lambda: all(each - old for each, old in zip(told, before, strict=True)))


def _wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until, "the writers do not go on"
        time.sleep(0.01)


def _said(work: Callable[[], object]) -> str:
    try:
        work()
    except CatalogUnavailable as error:
        time.sleep(0.02)
        return type(error).__name__
    return ""
