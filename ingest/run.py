"""A run over files: each is read, cut, embedded and committed, and what became of it is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sized
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import numpy as np

from ingest import scans
from ingest.entry import Entry, copied, cut, failed
from ingest.files import title_of
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.outcomes import Kind, Outcome, Progress, Step, Task
from ingest.twins import Twins, copied_title
from ingest.worker import Worker
from rag.errors import LimitExceeded, LoadError, UnknownFormat
from rag.library import Library
from rag.models import Embedder
from rag.naming import path_of
from rag.types import Document
from rag.vectors import Matrix, embedded_text

EMBED_AT_ONCE = 96
"""Passages gathered before embedding: enough for even batches, few enough that little waits uncommitted."""

EMBED_AT_MOST = 512
"""Passages embedded between two looks at whether a file is still wanted: some seconds of two cores."""


class Run:
    """Reads files into a library that is locked; a content that it has already is neither read nor embedded.

    Args:
        library: where to.
        embedder: returns what makes the vectors; called when there is something to embed.
        limits: how far reading one file goes, and whether scans are read.
        on_progress: called before each file and at each stage.
        on_outcome: called with each outcome, as it comes.
        on_step: called with each step and the seconds that it took, however it ended.
        stopping: asked before each file; when true, what was read is committed, and no more is read.
    """

    def __init__(
        self,
        library: Library,
        embedder: Callable[[], Embedder],
        *,
        limits: Limits = DEFAULT_LIMITS,
        on_progress: Callable[[Progress], None] = lambda _: None,
        on_outcome: Callable[[Outcome], None] = lambda _: None,
        on_step: Callable[[Step, float], None] = lambda _step, _seconds: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._limits = limits
        self._tell = on_progress
        self._on_outcome = on_outcome
        self._on_step = on_step
        self._stopping = stopping
        self._known = Twins(library.catalog.documents())
        self._outcomes: dict[Path, Outcome] = {}
        self._waiting: list[Entry] = []
        self._total = 0

    def read(self, tasks: Iterable[Task]) -> list[Outcome]:
        """Read files, and return what became of each, in their order; none of those after a stop.

        More tasks may come while others are worked on: each is taken when those before it were read.
        """
        seen: dict[Path, None] = {}
        with Worker(self._limits) as worker:
            for i, task in enumerate(tasks):
                if self._stopping():
                    break
                seen[task.path] = None
                self._total = len(tasks) if isinstance(tasks, Sized) else i + 1
                self._tell(Progress("reading", i, self._total, task.path.name))
                self._one(worker, task)
                if sum(len(entry.passages) for entry in self._waiting) >= EMBED_AT_ONCE:
                    self._flush()
            self._flush()
        return [self._outcomes[path] for path in seen if path in self._outcomes]

    def _one(self, worker: Worker, task: Task) -> None:
        path = task.path
        old = self._still(self._known.at(path.as_uri()))
        digest = ""
        try:
            data = worker.read(path, follow=task.follow, content=task.content)
            digest = hashlib.sha256(data).hexdigest()
            if old is not None and (old.sha256, old.status) == (digest, "ready") and not self._unread(old):
                self._settle(Outcome(path, "same", old.title, old.n_passages))
                return
            twin = self._still(self._known.twin(digest, path, first=task.replaces))
            title = self._title(twin, path) if twin else None
            if twin is not None and title is not None:
                entry = self._copied(task, twin, title)
            else:
                with self._step("parse"):
                    text = worker.load(path, data, wanted=task.wanted)
                tokenize = self._embedder().token_offsets
                with self._step("chunk"):
                    entry = cut(task, digest, text, twin, tokenize, ocr=self._limits.ocr)
        except LoadError as error:
            self._failed(task, digest, error)
        except InterruptedError:
            self._cancelled(task)
        else:
            self._waiting.append(entry)

    @contextmanager
    def _step(self, name: Step) -> Iterator[None]:
        started = perf_counter()
        try:
            yield
        finally:
            self._on_step(name, perf_counter() - started)

    def _still(self, document: Document | None) -> Document | None:
        """Return the document if it is as it was; another thread may have removed it meanwhile."""
        if document is None:
            return None
        held = self._library.catalog.document(document.id)
        if held is not None and held.sha256 == document.sha256:
            return document
        self._known.drop(document.uri)
        return None

    def _unread(self, document: Document) -> bool:
        return self._limits.ocr and scans.is_unread(self._library, document)

    def _title(self, twin: Document, path: Path) -> str | None:
        """Return the title that a copy of `twin` has; None where the file is better read."""
        if self._unread(twin):
            return None
        title = copied_title(twin, path)
        if title is None and scans.was_read(self._library, twin):  # without OCR its text would be lost
            return title_of(path)
        return title

    def _copied(self, task: Task, twin: Document, title: str) -> Entry:
        text = scans.stored_text(self._library, twin)
        passages, _ = self._library.catalog.stored(twin.id)
        return copied(task, twin, title, text, passages, ocr=scans.was_read(self._library, twin))

    def _flush(self) -> None:
        """Embed what waits, together, and commit each document by itself."""
        for entry, vectors in zip(self._waiting, self._vectors(), strict=True):
            document, last = entry.document, entry.task.replaces
            if vectors is None or not entry.task.claim():
                self._cancelled(entry.task)
                continue
            old = self._known.at(document.uri)
            with self._step("commit"):
                self._library.put(
                    document,
                    entry.text,
                    entry.passages,
                    entry.contexts,
                    vectors,
                    replaces=last.id if last else None,
                )
            self._known.put(document)
            kind: Kind = "changed" if old is not None and old.n_passages else "added"
            source = None
            if last is not None:
                self._known.drop(last.uri)
                kind, source = "moved", path_of(last.uri)
            note = scans.note(entry.text, read=entry.ocr)
            if entry.ocr:
                scans.remember_read(self._library, document)
            path, n_passages = entry.task.path, document.n_passages
            self._settle(Outcome(path, kind, document.title, n_passages, reason=note, source=source))
        self._waiting.clear()

    def _vectors(self) -> list[Matrix | None]:
        """Return a matrix for each waiting document, None for one that is not wanted any more.

        No vector that the library has is made again.
        """
        held: dict[str, Matrix] = {}
        for identity in dict.fromkeys(each for entry in self._waiting for each in entry.kin):
            known = self._library.catalog.embedded(identity)
            held |= {embedded_text(*part): vector for part, vector in known.items()}
        name = self._waiting[-1].task.path.name if self._waiting else ""
        while missing := self._missing(held)[:EMBED_AT_MOST]:
            self._tell(Progress("embedding", len(self._outcomes), self._total, name))
            embedder = self._embedder()
            with self._step("embed"):
                held |= zip(missing, embedder.embed(missing), strict=True)
        return [
            np.array([held[part] for part in parts], np.float32) if held.keys() >= set(parts) else None
            for parts in (entry.parts for entry in self._waiting)
        ]

    def _missing(self, held: Collection[str]) -> list[str]:
        """Return what is still to be embedded of the files that are wanted."""
        wanted = (entry for entry in self._waiting if entry.task.wanted())
        return list(dict.fromkeys(part for entry in wanted for part in entry.parts if part not in held))

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
