"""Reads what was uploaded into the library, in one thread of each process that serves it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingest.files import shown
from rag.errors import CollectionNotFound, FootnoteError
from rag.people.collections import Collections
from rag.people.uploads import State, Uploads
from rag.storage.passing import Passing
from rag.storage.tables import uploads as table
from rag.text.naming import path_of
from ui.answers import UNEXPECTED
from ui.incoming import Incoming
from ui.jobs import Job, Jobs
from ui.kept_uploads import KeptUploads
from ui.observer import Observer
from ui.received import Received

if TYPE_CHECKING:
    from ingest.limits import Limits
    from ingest.outcomes import Outcome, Task
    from rag.library import Library
    from rag.models import Embedder
    from rag.people.presence import Presence
    from rag.types import Document

_IDLE_S = 60.0
_AGAIN_S = 2.0
_LOG = logging.getLogger(__name__)


class Intake:
    """The queue of a library's uploads and the thread that works it off.

    Whoever sent a file need not wait: what was received is read, if need be after the next start.
    """

    def __init__(
        self,
        library: Library,
        embedder: Embedder,
        limits: Limits,
        observer: Observer | None = None,
        presence: Presence | None = None,
    ) -> None:
        """Work for this library; nothing is read before `start`.

        Args:
            library: where to.
            embedder: makes the vectors.
            limits: how far reading one file goes.
            observer: is told of it.
            presence: this process among others that serve the library; None where there is no other.
        """
        self.incoming: Received
        if presence is None:
            uploads = Uploads(Passing([table]))
            self.incoming = Incoming(library.path)
        else:
            uploads = Uploads(library.catalog, presence.name)
            self.incoming = KeptUploads(library.catalog, uploads)
        self.jobs = Jobs(uploads, self.incoming.job, self.incoming.drop, alone=presence is None)
        self._library = library
        self._embedder = embedder
        self._limits = limits
        self._observer = observer or Observer()
        self._collections = Collections(library.catalog)
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._held: dict[str, Job] = {}
        self._added = False

    def start(self) -> None:
        """Begin to work, first at what an earlier process received and did not finish."""
        with self._starting:
            if self._thread is not None or self._library.read_only:
                return
            try:
                for job in self.incoming.left():
                    self.jobs.submit(job)
            except FootnoteError:
                _LOG.exception("uploads of an earlier run cannot be read")
            self._thread = threading.Thread(target=self._work, name="intake", daemon=True)
            self._thread.start()

    def halt(self) -> None:
        """Ask for an end: what is being read is left for the next start."""
        self._stopping.set()
        self.jobs.end()

    def stop(self, timeout_s: float = 30.0) -> None:
        """End, and wait until the library is not written to any more, at most so long."""
        self.halt()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def submit(self, job: Job) -> None:
        """Add a file that was received to the queue."""
        self.start()
        self.jobs.submit(job)

    def recover(self) -> None:
        """Take over what processes that are gone were at."""
        self.incoming.cut_off(self.jobs.recover())

    def remove(self, document: Document) -> None:
        """Remove a document, and first what of its file is still to be read.

        Raises:
            StorageError: the library, or an uploaded file, cannot be changed.
        """
        place = path_of(document.uri)
        if place is not None:
            self.jobs.forget(place)
        self._library.remove(document.id)

    def _work(self) -> None:
        while not self._stopping.is_set():
            if self.jobs.wait(_IDLE_S) and not self._stopping.is_set():
                self._run()

    def _run(self) -> None:
        """Read what waits, and what comes meanwhile, until nothing waits."""
        from ingest.load.ocr import require as require_ocr
        from ingest.run import Run

        try:
            if self._limits.ocr:
                require_ocr()
            self._library.lock("footnote chat")
            self._library.require(self._embedder.fingerprint)
            run = Run(
                self._library,
                lambda: self._embedder,
                limits=self._limits,
                on_outcome=self._outcome,
                on_step=self._observer.ingest_step,
                stopping=self._stopping.is_set,
            )
            run.read(self._tasks())
            if self._added and not self._stopping.is_set():
                self._library.open_index()
                self._added = False
        except FootnoteError as error:
            self._end(error)
        except Exception:  # the border of a thread: the page must say something
            _LOG.exception("reading uploaded files failed")
            self._fail(UNEXPECTED)
        finally:
            self._held.clear()
            self.jobs.release()

    def _tasks(self) -> Iterator[Task]:
        from ingest.outcomes import Task

        while not self._stopping.is_set() and (job := self.jobs.take()) is not None:
            try:
                self.incoming.fetch(job)
            except FootnoteError as error:
                self.jobs.settle(job.id, "failed", note=str(error))
                continue
            self._held[job.target.as_uri()] = job

            def wanted(job_id: str = job.id) -> bool:
                return not self._stopping.is_set() and self.jobs.is_wanted(job_id)

            def claim(job_id: str = job.id) -> bool:
                return not self._stopping.is_set() and self.jobs.claim(job_id)

            yield Task(job.target, follow=False, content=job.content, wanted=wanted, claim=claim)

    def _outcome(self, outcome: Outcome) -> None:
        """Put a file that was read in its place; one that failed stays where it is, for another try."""
        job = self._held.pop(outcome.path.as_uri())
        self._observer.ingested(outcome)
        if outcome.kind == "cancelled":
            if not self.jobs.is_wanted(job.id):
                self.incoming.drop(job)
        elif outcome.kind == "failed":
            self.jobs.settle(job.id, "failed", note=_reason(outcome))
        else:
            self._placed(job, outcome)

    def _placed(self, job: Job, outcome: Outcome) -> None:
        from ingest.entry import document_id

        self._added = self._added or outcome.kind != "same"
        try:
            self.incoming.place(job)
            if job.collection:
                self._collections.add(job.collection, [document_id(job.target.as_uri())], job.owner)
        except CollectionNotFound:
            _LOG.info("a collection was deleted while a file for it was read")
        except FootnoteError as error:
            self.jobs.settle(job.id, "failed", note=str(error))
            return
        state: State = "unchanged" if outcome.kind == "same" else "done"
        self.jobs.settle(job.id, state, n_passages=outcome.n_passages, note=outcome.reason or "")

    def _end(self, error: FootnoteError) -> None:
        """Let the files wait for a better moment where there may be one."""
        if error.retryable:
            self.jobs.release(note=str(error))
            self._stopping.wait(_AGAIN_S)
        else:
            self._fail(str(error))

    def _fail(self, reason: str) -> None:
        """Settle what was in hand when reading came to an end; with nothing in hand, the next that waits."""
        if not self._held and (job := self.jobs.take()) is not None:
            self._held[job.target.as_uri()] = job
        for job in self._held.values():
            self.jobs.settle(job.id, "failed", note=reason)


def _reason(outcome: Outcome) -> str:
    return (outcome.reason or "").removeprefix(f"{shown(outcome.path.name)}: ")
