"""The engine of several machines: Ray runs what `ingest.node` does on the nodes of a cluster.

Reading is a task and embedding an actor for each node, or for each GPU where there are any. Ray starts what
is lost again, on another node if need be. Nothing of that can be seen in the library: what comes back is
committed here, and only here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from ingest.engine import Job
from ingest.entry import Entry
from ingest.files import shown
from ingest.limits import Limits
from ingest.node import Embedding, Order, Times, read
from ingest.outcomes import Step
from ingest.ray_cluster import Connection, last_line
from ingest.ray_crew import RETRIES, Crew
from ingest.ray_watch import A_PLACE, HALF_A_CORE, Watch
from rag.errors import ClusterError, FootnoteError, LoadError
from rag.models import Embedder
from rag.settings import Settings
from rag.vectors import Matrix

EMBED_AT_ONCE, EMBED_AT_MOST = 96, 256
"""As on one machine, where no node has a GPU."""

_T = TypeVar("_T")


class RayEngine:
    """Reads and embeds on a Ray cluster; without an address, on one of this machine that ends with it."""

    def __init__(
        self,
        embedder: Callable[[], Embedder],
        limits: Limits,
        on_step: Callable[[Step, float], None],
        *,
        settings: Settings,
    ) -> None:
        """Begin nothing yet; see `ingest.engine.MakeEngine`.

        Args:
            embedder: returns the embedder of the library; each node makes one like it.
            limits: how far reading one file goes.
            on_step: called with each step and the seconds that it took on its node.
            settings: name the cluster, and the embedder.
        """
        self.readers = self.embedders = 1  # until it is known how many there are
        self.enough, self.most = EMBED_AT_ONCE, EMBED_AT_MOST
        self._embedder = embedder
        self._limits = limits
        self._on_step = on_step
        self._settings = settings
        self._connection: Connection | None = None

    def _start(self) -> None:
        """Connect, or start; count what there is, and ask for an actor on each node, or for each GPU.

        Raises:
            ClusterError: there is no cluster at the address, or it has no processor.
            SettingsError: the address is none.
        """
        if self._connection is not None:
            return
        order = Order.of(self._settings, self._embedder().fingerprint, self._limits)
        self._connection = Connection(self._settings.ray_address)
        ray = self._connection.ray
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        n_cores, n_gpus = (sum(int(node.get(kind, 0)) for node in nodes) for kind in ("CPU", "GPU"))
        if n_cores < 1:
            raise ClusterError("no node of the Ray cluster offers a processor: start one by 'ray start'")
        n_actors = n_gpus or sum(node.get("CPU", 0) >= 1 for node in nodes)
        self.readers, self.embedders = 2 * n_cores, 2 * n_actors
        if n_gpus:
            self.enough, self.most = 512, 2048  # not measured
        self._watch = Watch(self._connection, self._limits, n_cores)
        self._read = ray.remote(num_cpus=HALF_A_CORE, max_retries=RETRIES)(read)
        embedding = ray.remote(
            num_cpus=A_PLACE, num_gpus=1 if n_gpus else 0, max_restarts=-1, scheduling_strategy="SPREAD"
        )(Embedding)
        self._told = ray.put(order)
        self._crew = Crew([embedding.remote(order, on_gpu=n_gpus > 0) for _ in range(n_actors)])

    def read(self, job: Job) -> Future[Entry]:
        """Begin to read a file on some node; see `ingest.engine.Engine`."""
        self._start()
        name = shown(job.path.name)
        begun = self._read.remote(self._told, job.path, job.data, job.digest).future()
        self._watch.reading(begun)
        return _relayed(begun, lambda reply: self._entry(*reply), lambda error: _unread(error, name))

    def embed(self, texts: Sequence[str]) -> Future[Matrix]:
        """Begin to make a unit vector for each text, by an actor that has a place."""
        self._start()
        begun = self._crew.embed(texts)
        self._watch.embedding(begun)
        return _relayed(begun, lambda reply: self._measured(*reply), _translated)

    def held_up(self) -> str | None:
        """Return what the run waits for, in words, where the cluster can do nothing for it."""
        return self._watch.held_up(no_actor=self._crew.waits)

    def close(self) -> None:
        """Leave the cluster, or end it if it was started here; what is under way there is given up."""
        if self._connection is not None:
            self._connection.close()

    def _entry(self, reply: Entry | LoadError, times: Times) -> Entry:
        self._measured(None, times)
        if isinstance(reply, LoadError):
            raise reply
        return reply

    def _measured(self, reply: _T, times: Times) -> _T:
        for step, seconds in times:
            self._on_step(step, seconds)
        return reply


def _relayed(
    begun: Future[Any], take: Callable[[Any], _T], translate: Callable[[BaseException], Exception]
) -> Future[_T]:
    """Return the future of something that was begun on a node, with errors of our own."""
    relayed: Future[_T] = Future()

    def relay(done: Future[Any]) -> None:
        with suppress(Exception):  # who waited has gone
            error = done.exception()
            try:
                if error is not None:
                    raise translate(error)
                relayed.set_result(take(done.result()))
            except Exception as told:
                relayed.set_exception(told)

    begun.add_done_callback(relay)
    return relayed


def _translated(error: BaseException) -> Exception:
    """Return an error of a node as one of ours."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, FootnoteError):
        return cause
    return ClusterError(
        f"the Ray cluster did not do its work: {last_line(str(cause or error))}; "
        "has every node the same Footnote (pip install 'footnote[ray]'), and enough memory?"
    )


def _unread(error: BaseException, name: str) -> Exception:
    """Return the error of a file that was not read: its own where every worker that read it was lost."""
    from ray.exceptions import RayTaskError, WorkerCrashedError

    if isinstance(error, WorkerCrashedError) and not isinstance(error, RayTaskError):
        return LoadError(f"{name}: {RETRIES + 1} workers that read it were lost; try again with more memory")
    return _translated(error)
