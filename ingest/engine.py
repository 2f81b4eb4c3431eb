"""Where the heavy work of a run is done: reading files and making vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.entry import Entry
from ingest.limits import Limits
from ingest.outcomes import Step
from rag.models import Embedder
from rag.vectors import Matrix


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read and cut.

    Attributes:
        path: the file.
        data: its bytes.
        digest: SHA-256 of these.
        wanted: asked while it is read; once it is false, the file is left out.
    """

    path: Path
    data: bytes
    digest: str
    wanted: Callable[[], bool]


class Engine(Protocol):
    """Reads files and makes vectors beside the run that asks for them; whoever asks commits them.

    Attributes:
        readers: files that are worth giving it at once.
        embedders: batches of passages that are worth giving it at once.
        enough: passages that make a good batch.
        most: passages that it embeds between two looks at whether a file is still wanted.
    """

    readers: int
    embedders: int
    enough: int
    most: int

    def read(self, job: Job) -> Future[Entry]:
        """Begin to read a file and cut it into passages.

        The future raises `LoadError` where the file cannot be read, and `InterruptedError` where it is not
        wanted any more.
        """

    def embed(self, texts: Sequence[str]) -> Future[Matrix]:
        """Begin to make a unit vector for each text."""

    def held_up(self) -> str | None:
        """Return what is waited for, in words, where nothing can be done meanwhile; else None.

        Asked now and then while nothing comes back.

        Raises:
            ClusterError: it has been waited for long enough.
        """

    def close(self) -> None:
        """End; what was begun and not asked for is given up."""


MakeEngine = Callable[[Callable[[], Embedder], Limits, Callable[[Step, float], None]], Engine]
"""Makes an engine of: what returns the embedder, called once there is something to cut; the limits of
reading; what is called, from any thread, with each step and the seconds that it took.
"""
