"""The engine of several machines: Ray runs what `ingest.node` does on the nodes of a cluster.

Reading is a task and embedding an actor for each node, or for each GPU where there are any. Ray starts what
is lost again, on another node if need be. Nothing of that can be seen in the library: what comes back is
committed here, and only here.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from itertools import cycle
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from ingest.engine import Job
from ingest.entry import Entry
from ingest.files import shown
from ingest.limits import Limits
from ingest.node import Embedding, Order, Times, read
from ingest.outcomes import Step
from rag.errors import ClusterError, FootnoteError, LoadError
from rag.local_llm import available_cores
from rag.models import Embedder
from rag.settings import Settings
from rag.vectors import Matrix

RETRIES = 20
"""Times that a file or a batch is begun again when its worker was lost."""

HALF_A_CORE = 0.5
"""What a task or an actor asks for: both fit on a node with one core. Ray counts, and limits nothing."""

EMBED_AT_ONCE, EMBED_AT_MOST = 96, 256
"""As on one machine, where no node has a GPU."""

OBJECTS_BYTES = 1 << 28
"""Shared memory of a Ray that runs for one command alone; what does not fit is on the disk."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",  # tells of each lost worker on standard output else
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray warns of when it is not set
}
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
        self._given = os.environ.copy()
        self._folder = TemporaryDirectory(prefix="footnote-ray-", ignore_cleanup_errors=True)
        self._ray: Any = None

    def _start(self) -> None:
        """Connect, or start; count what there is, and place an actor on each node, or for each GPU.

        Raises:
            ClusterError: there is no cluster at the address, or it has no processor.
        """
        if self._ray is not None:
            return
        order = Order.of(self._settings, self._embedder().fingerprint, self._limits)
        self._ray = ray = _connected(self._settings.ray_address, self._folder.name)
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        n_cores, n_gpus = (sum(int(node.get(kind, 0)) for node in nodes) for kind in ("CPU", "GPU"))
        if n_cores < 1:
            raise ClusterError("no node of the Ray cluster offers a processor: start one by 'ray start'")
        n_actors = n_gpus or sum(node.get("CPU", 0) >= 1 for node in nodes)
        self.readers, self.embedders = 2 * n_cores, 2 * n_actors
        if n_gpus:
            self.enough, self.most = 512, 2048  # not measured
        self._read = ray.remote(num_cpus=HALF_A_CORE, max_retries=RETRIES)(read)
        embedding = ray.remote(
            num_cpus=HALF_A_CORE,
            num_gpus=1 if n_gpus else 0,
            max_restarts=-1,
            max_task_retries=RETRIES,
            scheduling_strategy="SPREAD",
        )(Embedding)
        self._told = ray.put(order)
        actors = [embedding.remote(order, on_gpu=n_gpus > 0) for _ in range(n_actors)]
        self._turns = cycle(actors)

    def read(self, job: Job) -> Future[Entry]:
        """Begin to read a file on some node; see `ingest.engine.Engine`."""
        self._start()
        name = shown(job.path.name)
        begun = self._read.remote(self._told, job.path, job.data, job.digest)
        return _relayed(begun, lambda reply: self._entry(*reply), lambda error: _unread(error, name))

    def embed(self, texts: Sequence[str]) -> Future[Matrix]:
        """Begin to make a unit vector for each text, by the actor whose turn it is."""
        self._start()
        begun = next(self._turns).embed.remote(texts)
        return _relayed(begun, lambda reply: self._measured(*reply), _translated)

    def close(self) -> None:
        """Leave the cluster, or end it if it was started here; what is under way there is given up."""
        if self._ray is not None:
            self._ray.shutdown()
        self._folder.cleanup()
        for name in os.environ.keys() - self._given.keys():
            if name.startswith("RAY_"):
                del os.environ[name]

    def _entry(self, reply: Entry | LoadError, times: Times) -> Entry:
        self._measured(None, times)
        if isinstance(reply, LoadError):
            raise reply
        return reply

    def _measured(self, reply: _T, times: Times) -> _T:
        for step, seconds in times:
            self._on_step(step, seconds)
        return reply


def _connected(address: str | None, folder: str) -> Any:
    """Return Ray, connected to the cluster at an address, or to one that is started here with its files.

    Raises:
        ClusterError: there is none.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if address is None:
        options: dict[str, Any] = {
            "address": "local",
            "num_cpus": available_cores(),
            "object_store_memory": OBJECTS_BYTES,
            "include_dashboard": False,
            "_temp_dir": folder,
        }
        # Ray listens on every address of the machine: whoever cannot tell this may not run code here.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        if os.environ["RAY_AUTH_MODE"] == "token":
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    else:
        options = {"address": address}
    with _usual_signals():
        import ray
        from ray.exceptions import RayError

        try:
            ray.init(**options, log_to_driver=False, logging_level=logging.CRITICAL, configure_logging=False)
        except (RayError, ConnectionError, RuntimeError, ValueError, OSError) as error:
            where = f"at {address}" if address else "on this machine"
            raise ClusterError(f"no Ray cluster {where}: {_line(error)}") from None
    return ray


@contextmanager
def _usual_signals() -> Iterator[None]:
    """Let signals do what they did: Ray takes SIGTERM for itself, and a run ends the file at hand first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _relayed(
    begun: Any, take: Callable[[Any], _T], translate: Callable[[BaseException], Exception]
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

    begun.future().add_done_callback(relay)
    return relayed


def _translated(error: BaseException) -> Exception:
    """Return an error of a node as one of ours."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, FootnoteError):
        return cause
    return ClusterError(
        f"the Ray cluster did not do its work: {_line(cause or error)}; "
        "has every node the same Footnote (pip install 'footnote[ray]'), and enough memory?"
    )


def _unread(error: BaseException, name: str) -> Exception:
    """Return the error of a file that was not read: its own where every worker that read it was lost."""
    from ray.exceptions import RayTaskError, WorkerCrashedError

    if isinstance(error, WorkerCrashedError) and not isinstance(error, RayTaskError):
        return LoadError(f"{name}: {RETRIES + 1} workers that read it were lost; try again with more memory")
    return _translated(error)


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip()[:300] if lines else type(error).__name__
