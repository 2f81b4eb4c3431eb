"""What is told of a Ray cluster from which nothing comes back."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace

import pytest

import ingest.ray_watch
from ingest.limits import Limits
from ingest.ray_watch import Watch
from rag.errors import ClusterError

FULL = "room on the cluster: all of its 8 cores are taken"
ADVICE = "; end other work there or add a node by 'ray start', or press Ctrl-C: what was added stays"


class Cluster:
    """A connection to a cluster that has so much to give, at a time of the test's own."""

    place = "the cluster"

    def __init__(self, monkeypatch, **free: float) -> None:
        self.now, self.free, self.total, self.head = 1000.0, free, {"CPU": 8.0, "GPU": 1.0}, True
        self.ray = SimpleNamespace(
            available_resources=lambda: self.free, cluster_resources=lambda: self.total
        )
        monkeypatch.setattr(ingest.ray_watch, "time", SimpleNamespace(monotonic=lambda: self.now))

    def head_answers(self) -> bool:
        return self.head

    def watch(self, *, ocr: bool = False) -> Watch:
        return Watch(self, Limits(ocr=ocr, load_timeout_s=30), 8)


def after(cluster: Cluster, watch: Watch, seconds: float, *, no_actor: bool = False) -> str | None:
    cluster.now += seconds
    return watch.held_up(no_actor=no_actor)


def test_a_cluster_that_is_full_from_the_start_is_told_soon(monkeypatch) -> None:
    cluster = Cluster(monkeypatch)
    watch = cluster.watch()
    watch.reading(read := Future())
    assert after(cluster, watch, 4) is None
    assert after(cluster, watch, 2) == FULL
    assert after(cluster, watch, 61) == FULL + ADVICE
    read.set_result(None)
    assert after(cluster, watch, 4) is None


def test_our_own_files_may_fill_a_cluster_as_long_as_reading_one_may_take(monkeypatch) -> None:
    cluster = Cluster(monkeypatch, CPU=8.0)
    watch = cluster.watch()
    watch.reading(Future())
    cluster.free = {}
    assert after(cluster, watch, 44) is None
    assert after(cluster, watch, 2) == FULL


def test_reading_scans_may_take_any_time(monkeypatch) -> None:
    cluster = Cluster(monkeypatch, CPU=8.0)
    watch = cluster.watch(ocr=True)
    watch.reading(Future())
    cluster.free = {}
    assert after(cluster, watch, 7200) is None


@pytest.mark.parametrize(
    ("free", "told"),
    [
        ({"GPU": 1.0}, FULL),
        ({"CPU": 4.0}, "a GPU of the cluster: all are taken"),
        ({"CPU": 4.0, "GPU": 1.0}, None),
    ],
)
def test_passages_that_no_actor_can_take(free, told, monkeypatch) -> None:
    cluster = Cluster(monkeypatch, CPU=8.0)
    watch = cluster.watch()
    cluster.free = free
    assert after(cluster, watch, 6, no_actor=True) == told
    assert after(cluster, watch, 40, no_actor=True) == (told or "the cluster, from which nothing comes back")


def test_what_is_embedded_for_long_is_not_waited_for(monkeypatch) -> None:
    cluster = Cluster(monkeypatch, CPU=8.0)
    watch = cluster.watch()
    watch.embedding(Future())
    cluster.free = {}
    assert after(cluster, watch, 3600) is None


def test_a_run_does_not_wait_for_ever(monkeypatch) -> None:
    cluster = Cluster(monkeypatch)
    watch = cluster.watch()
    watch.reading(Future())
    assert after(cluster, watch, 6) == FULL
    with pytest.raises(ClusterError, match="did nothing for 30 minutes: waiting for room on the cluster"):
        after(cluster, watch, 1801)


def test_a_head_that_comes_back_is_waited_for_and_one_that_does_not_ends_the_run(monkeypatch) -> None:
    cluster = Cluster(monkeypatch, CPU=8.0)
    watch = cluster.watch()
    gone = "the head of the cluster, which does not answer"
    cluster.head = False
    assert [after(cluster, watch, 6), after(cluster, watch, 28)] == [gone, gone]
    cluster.head = True
    assert after(cluster, watch, 1) is None
    cluster.head = False
    assert after(cluster, watch, 1) == gone
    with pytest.raises(ClusterError, match="the head of the cluster is gone: .* start it again"):
        after(cluster, watch, 31)
