"""Where uploaded files lie where several processes share a catalogue: in it, so that each can read them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from rag.catalog import Catalog
from rag.errors import FootnoteError, StorageError
from rag.maintenance.contents import PLACE, Contents
from rag.people.access import private_folder
from rag.people.uploads import Upload, Uploads
from rag.storage.schema import translated
from ui.jobs import Job, job_of
from ui.passing_folder import passing_folder
from ui.received import Part, Received

PIECE = 1 << 20
"""Bytes of a piece in which a file is kept."""


class KeptUploads(Received):
    """The files of a library that were received, in its catalogue; the same to do with them as `Incoming`.

    While one is read it is also in a folder of this process.
    """

    def __init__(self, catalog: Catalog, uploads: Uploads) -> None:
        """Keep them in this catalogue; `uploads` tells of those that are coming."""
        self._contents = Contents(catalog)
        self._uploads = uploads
        self._folder = passing_folder(self)

    def begin(self) -> KeptPart:
        """Return where to write the bytes of a file.

        Raises:
            StorageError: they cannot be kept.
        """
        file = secrets.token_hex(8)
        self._uploads.expect(file)
        return KeptPart(self._contents, self._uploads, file)

    def keep(self, part: Part, owner: str, path: PurePosixPath, collection: str = "") -> Job:
        """Keep a file that was received to its end: all of it is stored when this returns, and it waits.

        Raises:
            StorageError: it cannot be kept.
        """
        size = part.finish()
        upload = Upload(part.id, owner, str(path), size, collection)
        self._uploads.add(upload)
        return self.job(upload)

    def check(self, owner: str, path: PurePosixPath) -> None:
        """Every file can be put at its place: a name here is no folder."""

    def job(self, upload: Upload) -> Job:
        """Return an upload with its places."""
        return job_of(upload, self.target(upload.owner, upload.name), self._folder / upload.id)

    def target(self, owner: str, path: PurePosixPath | str) -> Path:
        """Return where a file is said to be once it was read."""
        return (PLACE / private_folder(owner) if owner else PLACE) / path

    def fetch(self, job: Job) -> None:
        """Bring the bytes of a file to `job.content`, to be read.

        Raises:
            StorageError: there is no room for them here.
        """
        with translated(job.content.parent), job.content.open("wb") as file:
            for piece in self._contents.read(job.id):
                file.write(piece)
        if job.content.stat().st_size != job.size:
            self._away(job)
            raise StorageError(f"{job.name}: not all of it is there any more: send it again")

    def place(self, job: Job) -> None:
        """Make a file the one that its document is made from.

        Raises:
            StorageError: that cannot be kept.
        """
        self._away(job)
        self._contents.place(job.id, job.target.as_uri())

    def drop(self, job: Job) -> None:
        """Forget a file that is not to be read, or not in the list any more; a document's stays."""
        self._away(job)
        with suppress(FootnoteError):
            self._contents.drop([job.id])

    def left(self) -> list[Job]:
        """Return what an earlier process received: the catalogue tells of it."""
        return []

    def cut_off(self, files: Sequence[str]) -> None:
        """Forget what was coming to a process that is gone."""
        self._contents.drop(files)

    def _away(self, job: Job) -> None:
        with suppress(OSError):
            job.content.unlink(missing_ok=True)


class KeptPart(Part):
    """The bytes of a file on their way in."""

    def __init__(self, contents: Contents, uploads: Uploads, file: str) -> None:
        """Begin a file."""
        self.id = file
        self._contents = contents
        self._uploads = uploads
        self._n = 0
        self._piece = bytearray()

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            StorageError: they cannot be kept.
        """
        self._piece += data
        self.size += len(data)
        while len(self._piece) >= PIECE:
            self._put(bytes(self._piece[:PIECE]))

    def finish(self) -> int:
        """Store what is left, and return the size of all of it in bytes."""
        if self._piece or not self._n:
            self._put(bytes(self._piece))
        return self.size

    def drop(self) -> None:
        """Forget what came; nothing is left of it."""
        with suppress(FootnoteError):
            self._uploads.drop([self.id])
            self._contents.drop([self.id])

    def _put(self, piece: bytes) -> None:
        self._contents.append(self.id, self._n, piece)
        self._n += 1
        del self._piece[: len(piece)]
