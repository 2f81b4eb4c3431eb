"""What the library holds already, so that nothing is read or embedded twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest import scans
from ingest.awaiting import Pending
from ingest.entry import copied
from ingest.files import title_of
from ingest.outcomes import Task
from ingest.twins import Twins, copied_title
from rag.library import Library
from rag.types import Document
from rag.vectors import Matrix, embedded_text


class Held:
    """The documents of a library as a run goes on, by place and by content.

    Args:
        library: the library.
        ocr: whether documents with pages that OCR was not tried on are to be read again.
    """

    def __init__(self, library: Library, *, ocr: bool) -> None:
        self._library = library
        self._ocr = ocr
        self._twins = Twins(library.catalog.documents())

    def at(self, uri: str) -> Document | None:
        """Return the document at a place, or None."""
        return self._twins.at(uri)

    def same(self, path: Path, digest: str) -> Document | None:
        """Return the document of a file if it was made from these bytes; None where it has to be read."""
        old = self._still(self._twins.at(path.as_uri()))
        if old is None or (old.sha256, old.status) != (digest, "ready") or self._unread(old):
            return None
        return old

    def twin(self, task: Task, digest: str) -> Document | None:
        """Return another document that was made from these bytes, or None."""
        return self._still(self._twins.twin(digest, task.path, first=task.replaces))

    def copy(self, task: Task, twin: Document) -> Pending | None:
        """Return what reading a file would, from its twin; None where the file is better read."""
        title = self._title(twin, task.path)
        if title is None:
            return None
        text = scans.stored_text(self._library, twin)
        passages, _ = self._library.catalog.stored(twin.id)
        entry = copied(task.path, twin, title, text, passages)
        return Pending(task, entry, (twin.id,), scans.was_read(self._library, twin))

    def vectors(self, document_ids: Sequence[str]) -> dict[str, Matrix]:
        """Return the vectors of documents by the texts that they were made from."""
        known: dict[str, Matrix] = {}
        for identity in document_ids:
            held = self._library.catalog.embedded(identity)
            known |= {embedded_text(*part): vector for part, vector in held.items()}
        return known

    def put(self, document: Document, replaces: Document | None) -> None:
        """Take in a document that was stored, in place of another one."""
        self._twins.put(document)
        if replaces is not None:
            self._twins.drop(replaces.uri)

    def _still(self, document: Document | None) -> Document | None:
        """Return the document if it is as it was; another thread may have removed it meanwhile."""
        if document is None:
            return None
        now = self._library.catalog.document(document.id)
        if now is not None and now.sha256 == document.sha256:
            return document
        self._twins.drop(document.uri)
        return None

    def _unread(self, document: Document) -> bool:
        return self._ocr and scans.is_unread(self._library, document)

    def _title(self, twin: Document, path: Path) -> str | None:
        """Return the title that a copy of `twin` has; None where the file is better read."""
        if self._unread(twin):
            return None
        title = copied_title(twin, path)
        if title is None and scans.was_read(self._library, twin):  # without OCR its text would be lost
            return title_of(path)
        return title
