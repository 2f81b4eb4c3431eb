"""The engine of one machine: a fenced child reads the next file while the embedder is at work on the last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from ingest.engine import Job
from ingest.entry import Entry, cut
from ingest.limits import Limits
from ingest.outcomes import Step, timed
from ingest.patience import embed_patiently
from ingest.worker import Worker
from rag.models import Embedder
from rag.vectors import Matrix

EMBED_AT_ONCE = 96
"""Passages gathered before embedding: enough for even batches, few enough that little waits uncommitted."""

EMBED_AT_MOST = 256
"""Passages of a long document embedded at once: some seconds of two cores."""


class LocalEngine:
    """Two threads: one waits for the child and cuts what it has read, the other one embeds."""

    def __init__(
        self, embedder: Callable[[], Embedder], limits: Limits, on_step: Callable[[Step, float], None]
    ) -> None:
        """Begin nothing yet; see `ingest.engine.MakeEngine`."""
        self.readers = self.embedders = 1
        self.enough, self.most = EMBED_AT_ONCE, EMBED_AT_MOST
        self._make_embedder = embedder
        self._on_step = on_step
        self._making = threading.Lock()
        self._worker = Worker(limits)
        self._closing = threading.Event()
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="footnote-reading")
        self._embedding = ThreadPoolExecutor(1, thread_name_prefix="footnote-embedding")

    def read(self, job: Job) -> Future[Entry]:
        """Begin to read a file; see `ingest.engine.Engine`."""
        return self._reading.submit(self._read, job)

    def embed(self, texts: Sequence[str]) -> Future[Matrix]:
        """Begin to make a unit vector for each text."""
        return self._embedding.submit(self._embed, texts)

    def held_up(self) -> None:
        """Nothing keeps this machine from its work."""

    def close(self) -> None:
        """End the child at once, and the threads when they have done what they are at."""
        self._closing.set()
        self._reading.shutdown(cancel_futures=True)
        self._worker.close()
        self._embedding.shutdown(cancel_futures=True)

    def _read(self, job: Job) -> Entry:
        with timed("parse", self._on_step):
            text = self._worker.load(
                job.path, job.data, wanted=lambda: not self._closing.is_set() and job.wanted()
            )
        tokenize = self._embedder().token_offsets
        with timed("chunk", self._on_step):
            return cut(job.path, job.digest, text, tokenize)

    def _embed(self, texts: Sequence[str]) -> Matrix:
        embedder = self._embedder()
        with timed("embed", self._on_step):
            return embed_patiently(embedder, texts, self._closing)

    def _embedder(self) -> Embedder:
        with self._making:
            return self._make_embedder()
