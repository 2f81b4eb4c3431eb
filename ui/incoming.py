"""Where uploaded files lie until they were read: on the disk, so that nothing received is lost by an end.

A file comes as ``ID.part``. Once all of it is there it is ``ID``, with ``ID.json`` beside it that says whose
it is and where it goes; from then on it outlives the process. What lacks one of the two was never received.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from rag.errors import StorageError, UsageError
from rag.maintenance.upkeep import UPLOADS
from rag.people.access import private_folder
from rag.people.uploads import Upload
from ui.jobs import Job, job_of
from ui.received import Part, Received
from ui.uploads import safe_path

FOLDER = ".incoming"
"""Hidden in the folder of the uploads: no safe name begins with a dot."""


class Incoming(Received):
    """The files of a library that were received and are still to be read."""

    def __init__(self, library: Path) -> None:
        """Keep them in the folder of this library."""
        self._uploads = library.absolute() / UPLOADS
        self._folder = self._uploads / FOLDER

    def begin(self) -> FilePart:
        """Return where to write the bytes of a file.

        Raises:
            StorageError: the folder cannot be written.
        """
        with _translated(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            return FilePart(self._folder / secrets.token_hex(8))

    def keep(self, part: Part, owner: str, path: PurePosixPath, collection: str = "") -> Job:
        """Keep a file that was received to its end; it is on the disk when this returns."""
        self.check(owner, path)
        with _translated(self._folder):
            size = part.finish()
            facts = {"owner": owner, "path": str(path), "collection": collection, "received": time.time()}
            _write(_facts(self._folder / part.id), json.dumps(facts))
        return self.job(Upload(part.id, owner, str(path), size, collection))

    def check(self, owner: str, path: PurePosixPath) -> None:
        """Make sure that a file can be put at its place.

        Raises:
            UsageError: there is a folder, or a file where a folder would have to be.
        """
        target = self.target(owner, path)
        between = [each for each in target.parents if each.is_relative_to(self._uploads)]
        if target.is_dir() or any(each.is_file() for each in between):
            raise UsageError(
                f"{path}: a file and a folder here would have the same name; rename one and add it again"
            )

    def job(self, upload: Upload) -> Job:
        """Return an upload with its places."""
        target = self.target(upload.owner, upload.name)
        return job_of(upload, target, self._folder / upload.id)

    def target(self, owner: str, path: PurePosixPath | str) -> Path:
        """Return where a file is kept once it was read."""
        return (self._uploads / private_folder(owner) if owner else self._uploads) / path

    def fetch(self, job: Job) -> None:
        """Bring the bytes of a file to `job.content`: they are there."""

    def place(self, job: Job) -> None:
        """Put a file in its place, in one step.

        Raises:
            StorageError: the folder cannot be written.
        """
        with _translated(job.target.parent):
            job.target.parent.mkdir(parents=True, exist_ok=True)
            if job.content.exists():
                os.replace(job.content, job.target)
            _facts(job.content).unlink(missing_ok=True)

    def drop(self, job: Job) -> None:
        """Forget a file that is not to be read; one that cannot be removed is left for the next start."""
        with suppress(OSError):
            _facts(job.content).unlink(missing_ok=True)
            job.content.unlink(missing_ok=True)

    def left(self) -> list[Job]:
        """Return the files that an earlier process received and did not finish, in the order of their coming.

        What was not received to its end is removed.

        Raises:
            StorageError: the folder cannot be read.
        """
        if not self._folder.is_dir():
            return []
        with _translated(self._folder):
            found = sorted(self._folder.iterdir())
            known = {each.stem: facts for each in found if (facts := _read(each)) is not None}
            for file in found:
                if (
                    not (self._folder / file.stem).is_file()
                    or file.stem not in known
                    or file.suffix == ".part"
                ):
                    file.unlink()
            order = sorted(known, key=lambda name: known[name]["received"])
            return [self._job(self._folder / name, known[name]) for name in order if self._is_there(name)]

    def cut_off(self, _files: Sequence[str]) -> None:
        """Forget what was coming to a process that is gone: `left` has done so."""

    def _is_there(self, name: str) -> bool:
        return (self._folder / name).is_file()

    def _job(self, content: Path, facts: dict[str, Any]) -> Job:
        path, size = safe_path(facts["path"]), content.stat().st_size
        return self.job(Upload(content.name, facts["owner"], str(path), size, facts["collection"]))


class FilePart(Part):
    """The bytes of a file on their way in."""

    def __init__(self, path: Path) -> None:
        """Begin a file that will be at `path`."""
        self.id = path.name
        self.path = path
        self._part = path.with_suffix(".part")
        self._file = self._part.open("xb")

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            StorageError: the disk is full, or fails.
        """
        with _translated(self.path.parent):
            self._file.write(data)
        self.size += len(data)

    def finish(self) -> int:
        """Bring all of it to the disk under its name, and return its size in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._part, self.path)
        return self.size

    def drop(self) -> None:
        """Forget what came; nothing is left of it."""
        with suppress(OSError):  # closing writes what is left, for which there may be no room
            self._file.close()
        for file in (self._part, self.path, _facts(self.path)):
            with suppress(OSError):
                file.unlink(missing_ok=True)


def _facts(content: Path) -> Path:
    return content.with_suffix(".json")


def _write(file: Path, words: str) -> None:
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8") as opened:
        opened.write(words)
        opened.flush()
        os.fsync(opened.fileno())
    os.replace(part, file)


def _read(file: Path) -> dict[str, Any] | None:
    if file.suffix != ".json":
        return None
    try:
        facts: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except ValueError:
        return None
    return facts if facts.keys() >= {"owner", "path", "collection", "received"} else None


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise StorageError(
            f"cannot keep the files in {folder} ({why}): free some space or check its permissions"
        ) from error
