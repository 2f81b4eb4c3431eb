"""A run over files: each is read, cut, embedded and committed, and what became of it is told.

The engine reads and embeds beside this thread, which takes files, commits what is whole and tells of it. So
the catalogue stores some files while others are embedded, and yet others read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest import scans
from ingest.awaiting import Awaiting, Pending
from ingest.content import content_of
from ingest.engine import Engine, Job, MakeEngine
from ingest.entry import Entry, failed
from ingest.files import title_of
from ingest.held import Held
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.local_engine import LocalEngine
from ingest.outcomes import Kind, Outcome, Progress, Step, Task, timed
from rag.errors import LimitExceeded, LoadError, UnknownFormat
from rag.library import Library
from rag.models import Embedder
from rag.text.naming import path_of
from rag.vectors import Matrix

BYTES_AT_ONCE = 1 << 26
"""Bytes of files that are being read at once, of one at least: what of them is in this process's memory."""

PATIENCE_S = 1.0
"""How long passages wait for more, while the next file is read, before they are embedded without."""


@dataclass(frozen=True, slots=True)
class _Reading:
    task: Task
    digest: str
    size: int
    kin: tuple[str, ...]


class Run:
    """Reads files into a library that is locked; a content that it has already is neither read nor embedded.

    Args:
        library: where to.
        embedder: returns what makes the vectors; called when there is something to embed.
        limits: how far reading one file goes, and whether scans are read.
        engine: makes what reads and embeds.
        on_progress: called before each file and at each stage.
        on_outcome: called with each outcome, as it comes.
        on_step: called with each step and the seconds that it took, however it ended, from any thread.
        stopping: asked before each file; when true, what was begun is committed, and no more is read.
    """

    def __init__(
        self,
        library: Library,
        embedder: Callable[[], Embedder],
        *,
        limits: Limits = DEFAULT_LIMITS,
        engine: MakeEngine = LocalEngine,
        on_progress: Callable[[Progress], None] = lambda _: None,
        on_outcome: Callable[[Outcome], None] = lambda _: None,
        on_step: Callable[[Step, float], None] = lambda _step, _seconds: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._limits = limits
        self._make_engine = engine
        self._tell = on_progress
        self._on_outcome = on_outcome
        self._on_step = on_step
        self._stopping = stopping
        self._held = Held(library, ocr=limits.ocr)
        self._outcomes: dict[Path, Outcome] = {}
        self._awaiting = Awaiting()
        self._reading: dict[Future[Entry], _Reading] = {}
        self._embedding: dict[Future[Matrix], Sequence[str]] = {}
        self._taken: dict[Path, None] = {}
        self._total = 0
        self._more = True

    def read(self, tasks: Iterable[Task]) -> list[Outcome]:
        """Read files, and return what became of each, in their order; none of those after a stop.

        More tasks may come while others are worked on: each is taken when there is room for it.
        """
        if isinstance(tasks, Sized):
            self._total = len(tasks)
        source = iter(tasks)
        with closing(self._make_engine(self._embedder, self._limits, self._on_step)) as engine:
            hurry = False
            while True:
                self._collect()
                self._begin_embedding(engine, hurry=hurry)
                self._begin_reading(engine, source)
                if (file := self._awaiting.whole()) is not None:
                    self._commit(file)
                elif self._reading or self._embedding:
                    hurry = not self._wait(engine)
                elif not self._more and not self._awaiting:
                    break
        return [self._outcomes[path] for path in self._taken if path in self._outcomes]

    def _wait(self, engine: Engine) -> bool:
        """Wait a while until the engine has done something; return False where passages wait for others."""
        running: list[Future[Any]] = [*self._reading, *self._embedding]
        if wait(running, PATIENCE_S, FIRST_COMPLETED).done:
            return True
        if (what := engine.held_up()) is not None:
            self._tell(Progress("waiting", len(self._outcomes), self._total, what))
        return not self._awaiting.n_queued

    def _collect(self) -> None:
        """Take in what the engine has done."""
        for batch in [each for each in self._embedding if each.done()]:
            texts = self._embedding.pop(batch)
            self._awaiting.put(texts, batch.result())
        for future in [each for each in self._reading if each.done()]:
            begun = self._reading.pop(future)
            try:
                entry = future.result()
            except LoadError as error:
                self._failed(begun.task, begun.digest, error)
            except InterruptedError:
                self._cancelled(begun.task)
            else:
                self._await(Pending(begun.task, entry, (entry.document.id, *begun.kin), self._limits.ocr))

    def _begin_embedding(self, engine: Engine, *, hurry: bool) -> None:
        """Give the engine batches, even ones unless nothing more comes or it has been waited for."""
        for file in self._awaiting.unwanted():
            self._cancelled(file.task)
        last = hurry or not (self._more or self._reading)
        while len(self._embedding) < engine.embedders and (n := self._awaiting.n_queued):
            if n < engine.enough and not last:
                return
            name = self._awaiting.last_name
            self._tell(Progress("embedding", len(self._outcomes), self._total, name))
            texts = self._awaiting.batch(engine.most)
            self._embedding[engine.embed(texts)] = texts

    def _begin_reading(self, engine: Engine, source: Iterator[Task]) -> None:
        """Give the engine files, as long as they are not read faster than they can be embedded."""
        while self._more and self._has_room(engine):
            task = None if self._stopping() else next(source, None)
            if task is None:
                self._more = False
                return
            n = len(self._taken)
            self._taken[task.path] = None
            self._total = max(self._total, n + 1)
            self._tell(Progress("reading", n, self._total, task.path.name))
            self._begin(engine, task)

    def _has_room(self, engine: Engine) -> bool:
        return (
            len(self._reading) < engine.readers
            and self._awaiting.n_queued < engine.enough * engine.embedders
            and sum(each.size for each in self._reading.values()) < BYTES_AT_ONCE
        )

    def _begin(self, engine: Engine, task: Task) -> None:
        path = task.path
        try:
            data = content_of(path, self._limits, follow=task.follow, content=task.content)
        except LoadError as error:
            self._failed(task, "", error)
            return
        digest = hashlib.sha256(data).hexdigest()
        if (same := self._held.same(path, digest)) is not None:
            self._settle(Outcome(path, "same", same.title, same.n_passages))
            return
        twin = self._held.twin(task, digest)
        if twin is not None and (copy := self._held.copy(task, twin)) is not None:
            self._await(copy)
            return
        job = Job(path, data, digest, task.wanted)
        kin = () if twin is None else (twin.id,)
        self._reading[engine.read(job)] = _Reading(task, digest, len(data), kin)

    def _await(self, file: Pending) -> None:
        self._awaiting.add(file, self._held.vectors(file.kin))

    def _commit(self, file: Pending) -> None:
        """Store a document, in one transaction, and tell of it."""
        entry, document, last = file.entry, file.entry.document, file.task.replaces
        if not file.task.claim():
            self._cancelled(file.task)
            return
        old = self._held.at(document.uri)
        with timed("commit", self._on_step):
            self._library.put(
                document,
                entry.text,
                entry.passages,
                entry.contexts,
                file.matrix(),
                replaces=last.id if last else None,
            )
        self._held.put(document, replaces=last)
        kind: Kind = "changed" if old is not None and old.n_passages else "added"
        source = None
        if last is not None:
            kind, source = "moved", path_of(last.uri)
        note = scans.note(entry.text, read=file.ocr)
        if file.ocr:
            scans.remember_read(self._library, document)
        path, n_passages = file.task.path, document.n_passages
        self._settle(Outcome(path, kind, document.title, n_passages, reason=note, source=source))

    def _failed(self, task: Task, digest: str, error: LoadError) -> None:
        """Report a file that could not be read; one that Footnote should be able to read is remembered."""
        path = task.path
        if not task.wanted():
            self._cancelled(task)
            return
        if (digest and not isinstance(error, UnknownFormat)) or isinstance(error, LimitExceeded):
            self._library.fail(failed(path, digest, error))
        self._settle(Outcome(path, "failed", title_of(path), reason=str(error)))

    def _cancelled(self, task: Task) -> None:
        self._settle(Outcome(task.path, "cancelled", title_of(task.path)))

    def _settle(self, outcome: Outcome) -> None:
        self._outcomes[outcome.path] = outcome
        self._on_outcome(outcome)
