"""What a run is told to do, and what it tells: tasks, progress, outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal

from ingest.files import shown
from rag.types import Document

Stage = Literal["finding", "reading", "embedding", "waiting", "indexing"]
Kind = Literal["added", "changed", "moved", "removed", "same", "failed", "cancelled"]


Step = Literal["parse", "chunk", "embed", "commit"]
"""What is measured: a file is parsed and cut, a batch of passages embedded, a document committed."""


@contextmanager
def timed(step: Step, tell: Callable[[Step, float], None]) -> Iterator[None]:
    """Tell how many seconds a step took, however it ended."""
    started = perf_counter()
    try:
        yield
    finally:
        tell(step, perf_counter() - started)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `done` of `total` files in this stage; the file at hand, or what is waited for."""

    stage: Stage
    done: int
    total: int
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; `reason` says why it failed, `source` where a moved one was before.

    A ``cancelled`` one was not wanted any more: the library is as if it had never been given.
    """

    path: Path
    kind: Kind
    title: str = ""
    n_passages: int = 0
    reason: str | None = None
    source: Path | None = None


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read.

    Attributes:
        path: the file.
        replaces: the document of the place where it was before.
        follow: read what a link leads to; else a link is refused.
        content: where its bytes are for now, for one that is still to be put in its place; who gave the task
            moves them there once the document is committed.
        wanted: asked while the file is read and embedded; once it is false, the file is left out.
        claim: asked once, right before the document is committed; false leaves it out.
    """

    path: Path
    replaces: Document | None = None
    follow: bool = True
    content: Path | None = None
    wanted: Callable[[], bool] = _always
    claim: Callable[[], bool] = _always


def unlisted(folder: Path, why: str) -> Outcome:
    """Return the outcome of a folder that could not be looked into."""
    name = shown(folder.name)
    reason = f"{name}: it cannot be listed ({why}); check that you may read it"
    return Outcome(folder, "failed", name, reason=reason)
