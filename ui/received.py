"""What is done with uploaded files until they were read, wherever their bytes lie meanwhile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from rag.people.uploads import Upload
from ui.jobs import Job


class Part(ABC):
    """The bytes of a file on their way in.

    Attributes:
        id: its name.
        size: bytes so far.
    """

    id: str
    size: int = 0

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            StorageError: they cannot be kept.
        """

    @abstractmethod
    def finish(self) -> int:
        """Let all of it be kept, and return its size in bytes."""

    @abstractmethod
    def drop(self) -> None:
        """Forget what came; nothing is left of it."""


class Received(ABC):
    """The files of a library that were received."""

    @abstractmethod
    def begin(self) -> Part:
        """Return where to write the bytes of a file.

        Raises:
            StorageError: they cannot be kept.
        """

    @abstractmethod
    def keep(self, part: Part, owner: str, path: PurePosixPath, collection: str = "") -> Job:
        """Keep a file that was received to its end; it outlives this process when this returns.

        Args:
            part: its bytes.
            owner: whose it is; empty where nobody signs in.
            path: its safe path, see `safe_path`.
            collection: id of the collection that it goes into; empty for none.

        Raises:
            UsageError: as `check` does.
            StorageError: it cannot be kept.
        """

    @abstractmethod
    def check(self, owner: str, path: PurePosixPath) -> None:
        """Make sure that a file can be put at its place.

        Raises:
            UsageError: there is a folder, or a file where a folder would have to be.
        """

    @abstractmethod
    def target(self, owner: str, path: PurePosixPath | str) -> Path:
        """Return where a file is kept, or said to be, once it was read."""

    @abstractmethod
    def job(self, upload: Upload) -> Job:
        """Return an upload with its places."""

    @abstractmethod
    def fetch(self, job: Job) -> None:
        """Make sure that the bytes of a file are at `job.content`, to be read.

        Raises:
            StorageError: they cannot be brought there.
        """

    @abstractmethod
    def place(self, job: Job) -> None:
        """Make a file the one that its document is made from, in one step; a second time does nothing.

        Raises:
            StorageError: it cannot be kept.
        """

    @abstractmethod
    def drop(self, job: Job) -> None:
        """Forget a file that is not to be read; one that a document is made from stays."""

    @abstractmethod
    def left(self) -> list[Job]:
        """Return the files that an earlier process received and did not finish, in the order of their coming.

        What was not received to its end is removed.

        Raises:
            StorageError: they cannot be read.
        """

    @abstractmethod
    def cut_off(self, files: Sequence[str]) -> None:
        """Forget the files with these ids, which were coming to a process that is gone."""
