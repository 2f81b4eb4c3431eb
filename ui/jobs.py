"""The files that wait to be read, and what has become of each: a queue that people watch and change.

A job goes from ``waiting`` over ``reading``, ``embedding`` and ``storing`` to ``done``, ``unchanged`` or
``failed``. Until it is ``storing`` it can be cancelled; a cancelled one is never stored.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rag.errors import UploadNotFound, UsageError

State = Literal["waiting", "reading", "embedding", "storing", "done", "unchanged", "failed", "cancelled"]

IN_HAND: frozenset[State] = frozenset(("reading", "embedding", "storing"))
ALIVE: frozenset[State] = IN_HAND | {"waiting"}
KEPT = 500
"""Finished files of one owner that are remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Job:
    """One received file.

    Attributes:
        id: its name in the queue and on the disk.
        owner: whose it is; empty where nobody signs in.
        name: its path as its owner knows it.
        target: where it is kept once it was read.
        content: where its bytes are until then.
        size: how many bytes it has.
        collection: id of the collection that it goes into; empty for none.
        state: see the module.
        n_passages: of one that is done.
        note: why one failed, or what is to be known of one that is done.
    """

    id: str
    owner: str
    name: str
    target: Path
    content: Path
    size: int = 0
    collection: str = ""
    state: State = "waiting"
    n_passages: int = 0
    note: str = ""


class Jobs:
    """The jobs of everybody, in the order in which they came. Safe for threads.

    Args:
        forgotten: called with each job that is not needed any more, so that its bytes can go.
    """

    def __init__(self, forgotten: Callable[[Job], None] = lambda _: None) -> None:
        self._jobs: dict[str, Job] = {}
        self._versions: dict[str, int] = {}
        self._changed = threading.Condition()
        self._forgotten = forgotten
        self._ended = False
        self._nonce = secrets.token_hex(4)

    # -- for people --------------------------------------------------------------------------------------

    def of(self, owner: str) -> list[Job]:
        """Return an owner's jobs, oldest first."""
        with self._changed:
            return [job for job in self._jobs.values() if job.owner == owner]

    def version(self, owner: str) -> str:
        """Return a word that is another one after every change of an owner's jobs."""
        with self._changed:
            return f"{self._nonce}-{self._versions.get(owner, 0)}"

    def get(self, job_id: str, owner: str) -> Job:
        """Return one job.

        Raises:
            UploadNotFound: there is none, or it is another owner's.
        """
        with self._changed:
            job = self._jobs.get(job_id)
        if job is None or job.owner != owner:
            raise UploadNotFound(f"no upload '{job_id[:80]}': it may have been cleared from the list")
        return job

    def submit(self, job: Job) -> None:
        """Put a job at the end of the queue, unless it is on the list already."""
        with self._changed:
            if job.id not in self._jobs:
                self._put(job)

    def cancel(self, job_id: str, owner: str) -> None:
        """Cancel a job that is not stored yet; one that is finished is taken off the list.

        Raises:
            UploadNotFound: there is none, or it is another owner's.
        """
        with self._changed:
            job = self.get(job_id, owner)
            if job.state not in ALIVE:
                self._drop(job)
            elif job.state != "storing":
                self._put(replace(job, state="cancelled", note=""))
                if job.state == "waiting":
                    self._forgotten(job)

    def retry(self, job_id: str, owner: str) -> None:
        """Let a failed job be tried again, behind those that wait.

        Raises:
            UploadNotFound: there is none, or it is another owner's.
            UsageError: it did not fail.
        """
        with self._changed:
            job = self.get(job_id, owner)
            if job.state != "failed":
                raise UsageError(f"{job.name} did not fail: there is nothing to try again")
            del self._jobs[job_id]
            self._put(replace(job, state="waiting", note=""))

    def clear(self, owner: str) -> None:
        """Take all finished jobs of an owner off the list."""
        with self._changed:
            for job in self.of(owner):
                if job.state not in ALIVE:
                    self._drop(job)

    def forget(self, target: Path, timeout_s: float = 10.0) -> None:
        """Cancel and take off the list all jobs of a file that is to be removed."""
        with self._changed:
            same = [job for job in self._jobs.values() if job.target == target]
            for job in same:
                if job.state in ALIVE:
                    self.cancel(job.id, job.owner)
            self._changed.wait_for(lambda: all(self._state(job.id) not in IN_HAND for job in same), timeout_s)
            for job in same:
                if job.id in self._jobs:
                    self._drop(self._jobs[job.id])

    # -- for the one who works ---------------------------------------------------------------------------

    def wait(self, timeout_s: float) -> bool:
        """Wait until a job waits, at most so long or until `end`, and say whether one does."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._next() is not None, timeout_s)
            return self._next() is not None

    def end(self) -> None:
        """Let nobody `wait` any more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self) -> Job | None:
        """Return the next job, which is read from now on; None if none can be read now.

        Those that were being read wait for their vectors from now on.
        """
        with self._changed:
            self._embedding()
            job = self._next()
            if job is None:
                return None
            taken = replace(job, state="reading", note="")
            self._put(taken)
            return taken

    def is_wanted(self, job_id: str) -> bool:
        """Return whether a job was not cancelled."""
        with self._changed:
            return self._state(job_id) in ALIVE

    def claim(self, job_id: str) -> bool:
        """Return whether a job may be stored; from now on it cannot be cancelled."""
        with self._changed:
            if self._state(job_id) not in IN_HAND:
                return False
            self._put(replace(self._jobs[job_id], state="storing"))
            return True

    def settle(self, job_id: str, state: State, *, n_passages: int = 0, note: str = "") -> None:
        """Say what has become of a job; one that was cancelled stays so."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is not None and job.state in IN_HAND:
                self._put(replace(job, state=state, n_passages=n_passages, note=note))
                self._trim(job.owner)

    def release(self, note: str = "") -> None:
        """Let all jobs that are in hand wait again: who worked at them has stopped.

        Args:
            note: why the next one has to wait; empty where it has not.
        """
        with self._changed:
            for job in list(self._jobs.values()):
                if job.state in IN_HAND:
                    self._put(replace(job, state="waiting"))
            first = self._next()
            if note and first is not None and first.note != note:
                self._put(replace(first, note=note))

    def _embedding(self) -> None:
        for job in self._jobs.values():
            if job.state == "reading":
                self._put(replace(job, state="embedding"))

    def _next(self) -> Job | None:
        """Return the first job that waits and whose file is not in hand already."""
        busy = {job.target for job in self._jobs.values() if job.state in IN_HAND}
        waiting = (job for job in self._jobs.values() if job.state == "waiting")
        return next((job for job in waiting if job.target not in busy), None)

    def _state(self, job_id: str) -> State | None:
        job = self._jobs.get(job_id)
        return None if job is None else job.state

    def _put(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._touch(job.owner)

    def _drop(self, job: Job) -> None:
        del self._jobs[job.id]
        self._forgotten(job)
        self._touch(job.owner)

    def _trim(self, owner: str) -> None:
        finished = [job for job in self.of(owner) if job.state not in ALIVE]
        for job in finished[:-KEPT]:
            self._drop(job)

    def _touch(self, owner: str) -> None:
        self._versions[owner] = self._versions.get(owner, 0) + 1
        self._changed.notify_all()
