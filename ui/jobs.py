"""The files that wait to be read, and what has become of each: a queue that people watch and change.

What a job goes through is told in `rag.people.uploads`, which keeps them.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from rag.errors import UploadNotFound, UsageError
from rag.people.uploads import ALIVE, IN_HAND, State, Upload, Uploads

KEPT = 500
"""Finished files of one owner that are remembered; the oldest are forgotten first."""

LOOK_S = 0.5
"""Seconds after which it is looked what other processes did, where there may be some."""


_WAITING: frozenset[State] = frozenset(("waiting",))
_BEFORE_STORING: frozenset[State] = frozenset(("reading", "embedding"))


@dataclass(frozen=True, slots=True)
class Job(Upload):
    """One received file, with its places.

    Attributes:
        target: where it is kept once it was read.
        content: where its bytes are until then.
    """

    target: Path = Path()
    content: Path = Path()


def job_of(upload: Upload, target: Path, content: Path) -> Job:
    """Return an upload with its places."""
    return Job(**_facts(upload), target=target, content=content)


def _facts(upload: Upload) -> dict[str, Any]:
    return {each.name: getattr(upload, each.name) for each in fields(Upload)}


class Jobs:
    """The jobs of everybody, in the order in which they came. Safe for threads.

    Args:
        uploads: where they are kept.
        placed: returns a job's places.
        forgotten: called with each job that is not needed any more, so that its bytes can go.
        alone: whether no other process works at them.
    """

    def __init__(
        self,
        uploads: Uploads,
        placed: Callable[[Upload], Job],
        forgotten: Callable[[Job], None] = lambda _: None,
        *,
        alone: bool = True,
    ) -> None:
        self._uploads = uploads
        self._placed = placed
        self._forgotten = forgotten
        self._changed = threading.Condition()
        self._changes = 0
        self._look_s = float("inf") if alone else LOOK_S
        self._ended = False

    # -- for people --------------------------------------------------------------------------------------

    def of(self, owner: str) -> list[Job]:
        """Return an owner's jobs, oldest first."""
        return [self._placed(upload) for upload in self.told(owner)]

    def told(self, owner: str) -> list[Upload]:
        """Return what there is to tell of an owner's jobs: all but their places."""
        return self._uploads.of(owner)

    @staticmethod
    def version(jobs: Collection[Upload]) -> str:
        """Return a word that is another one after every change of these jobs."""
        told = repr([(job.id, job.state, job.n_passages, job.note) for job in jobs])
        return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()

    def get(self, job_id: str, owner: str) -> Job:
        """Return one job.

        Raises:
            UploadNotFound: there is none, or it is another owner's.
        """
        upload = self._uploads.get(job_id)
        if upload is None or upload.owner != owner:
            raise UploadNotFound(f"no upload '{job_id[:80]}': it may have been cleared from the list")
        return self._placed(upload)

    def submit(self, job: Job) -> None:
        """Put a job at the end of the queue, unless it is on the list already."""
        self._uploads.add(Upload(**_facts(job)))
        self._notify()

    def cancel(self, job_id: str, owner: str) -> None:
        """Cancel a job that is not stored yet; one that is finished is taken off the list.

        Raises:
            UploadNotFound: there is none, or it is another owner's.
        """
        job = self.get(job_id, owner)
        if job.state not in ALIVE:
            self._drop([job])
        elif self._change(job_id, _WAITING, state="cancelled", note=""):
            self._forgotten(job)
        else:
            self._change(job_id, _BEFORE_STORING, state="cancelled", note="")

    def retry(self, job_id: str, owner: str) -> None:
        """Let a failed job be tried again, behind those that wait.

        Raises:
            UploadNotFound: there is none, or it is another owner's.
            UsageError: it did not fail.
        """
        job = self.get(job_id, owner)
        if not self._uploads.again(job_id):
            raise UsageError(f"{job.name} did not fail: there is nothing to try again")
        self._notify()

    def clear(self, owner: str) -> None:
        """Take all finished jobs of an owner off the list."""
        self._drop([job for job in self.of(owner) if job.state not in ALIVE])

    def forget(self, target: Path, timeout_s: float = 10.0) -> None:
        """Cancel and take off the list all jobs of a file that is to be removed."""
        same = [job for job in self._every() if job.target == target]
        for job in same:
            if job.state in ALIVE:
                self.cancel(job.id, job.owner)
        ids = {job.id for job in same}
        self._wait_for(lambda: all(self._state(each) not in IN_HAND for each in ids), timeout_s)
        self._drop([job for job in self._every() if job.id in ids])

    # -- for the one who works ---------------------------------------------------------------------------

    def wait(self, timeout_s: float) -> bool:
        """Wait until a job waits, at most so long or until `end`, and say whether one does."""
        self._wait_for(lambda: self._ended or self._uploads.next() is not None, timeout_s)
        return self._uploads.next() is not None

    def recover(self) -> list[str]:
        """Let wait again what processes that are gone had in hand; see `Uploads.recover`."""
        gone = self._uploads.recover()
        self._notify()
        return gone

    def end(self) -> None:
        """Let nobody `wait` any more."""
        self._ended = True
        self._notify()

    def take(self) -> Job | None:
        """Return the next job, which is read from now on; None if none can be read now.

        Those that were being read wait for their vectors from now on.
        """
        upload = self._uploads.take()
        self._notify()
        return None if upload is None else self._placed(upload)

    def is_wanted(self, job_id: str) -> bool:
        """Return whether a job was not cancelled."""
        return self._state(job_id) in ALIVE

    def claim(self, job_id: str) -> bool:
        """Return whether a job may be stored; from now on it cannot be cancelled.

        It may not where another process has it in hand, because this one seemed to be gone.
        """
        return self._change(job_id, IN_HAND, own=True, state="storing")

    def settle(self, job_id: str, state: State, *, n_passages: int = 0, note: str = "") -> None:
        """Say what has become of a job; one that was cancelled stays so."""
        values = {"state": state, "n_passages": n_passages, "note": note, "process": ""}
        if self._change(job_id, IN_HAND, own=True, **values):
            settled = self._uploads.get(job_id)
            if settled is not None:
                self._drop([self._placed(each) for each in self._uploads.beyond(settled.owner, KEPT)])

    def release(self, note: str = "") -> None:
        """Let all jobs that are in hand wait again: who worked at them has stopped.

        Args:
            note: why the next one has to wait; empty where it has not.
        """
        self._uploads.release(note)
        self._notify()

    def _every(self) -> list[Job]:
        return [self._placed(upload) for upload in self._uploads.of()]

    def _state(self, job_id: str) -> State | None:
        upload = self._uploads.get(job_id)
        return None if upload is None else upload.state

    def _change(self, job_id: str, states: Collection[State], *, own: bool = False, **values: Any) -> bool:
        changed = self._uploads.change(job_id, states, own=own, **values)
        self._notify()
        return changed

    def _drop(self, jobs: Collection[Job]) -> None:
        if jobs:
            self._uploads.drop([job.id for job in jobs])
            for job in jobs:
                self._forgotten(job)
            self._notify()

    def _wait_for(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait until something is so, at most so long."""
        end = time.monotonic() + timeout_s
        while True:
            seen = self._changes
            left = end - time.monotonic()
            if condition() or left <= 0:
                return
            with self._changed:
                self._changed.wait_for(lambda: self._changes != seen, min(left, self._look_s))  # noqa: B023

    def _notify(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()
