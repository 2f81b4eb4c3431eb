"""Files into a library: plan, read, chunk, embed, commit. Reports what it did and what it could not do."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from ingest.chunk import chunk, context
from ingest.load import media_type
from ingest.worker import Worker
from rag.errors import LimitExceeded, LoadError, UnknownFormat
from rag.library import Library
from rag.models import Embedder
from rag.types import Document, Passage, Text
from rag.vectors import Matrix, embedded_text

Stage = Literal["finding", "reading", "embedding", "indexing"]
Kind = Literal["added", "changed", "same", "failed"]

EMBED_AT_ONCE = 96
"""Passages gathered before embedding: enough for even batches, few enough that little waits uncommitted."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `done` of `total` files in this stage, and the file at hand."""

    stage: Stage
    done: int
    total: int
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; `reason` says why it failed."""

    path: Path
    kind: Kind
    title: str = ""
    n_passages: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that was read and cut, and waits for its vectors."""

    path: Path
    document: Document
    text: Text
    passages: Sequence[Passage]
    contexts: Sequence[str]
    known: bool


def add(
    library: Library,
    paths: Iterable[Path],
    embedder: Embedder,
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> list[Outcome]:
    """Add files and folders to a library; what has not changed is left alone.

    Each document is one transaction: when its outcome is reported, it is safe on disk.

    Args:
        library: where to.
        paths: files, and folders that are walked to their ends; hidden files are passed over.
        embedder: makes the vectors.
        on_progress: called before each file and at each stage.

    Returns:
        One outcome for each file, in the order of the files.

    Raises:
        LibraryError: the library cannot be written: in use, no space, another embedder.
        ModelError: the embedder is not to be had.
    """
    library.lock("footnote add")
    library.require(embedder.fingerprint)
    on_progress(Progress("finding", 0, 0, ""))
    run = _Run(library, embedder, list(find(paths)), on_progress)
    return run.all()


def find(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files below the given paths, each once, in order; hidden ones below a folder are left out."""
    seen: set[Path] = set()
    for path in paths:
        absolute = path.expanduser().absolute()
        below = _walk(absolute) if absolute.is_dir() else [absolute]
        for file in below:
            if file not in seen:
                seen.add(file)
                yield file


def _walk(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith((".", "~$")):
                yield Path(at) / name


class _Run:
    """One run of `add`."""

    def __init__(
        self,
        library: Library,
        embedder: Embedder,
        files: Sequence[Path],
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._files = files
        self._tell = on_progress
        self._known = {document.uri: document for document in library.documents()}
        self._outcomes: dict[Path, Outcome] = {}
        self._waiting: list[_Read] = []

    def all(self) -> list[Outcome]:
        with Worker() as worker:
            for i, path in enumerate(self._files):
                self._tell(Progress("reading", i, len(self._files), path.name))
                self._one(worker, path)
                if sum(len(read.passages) for read in self._waiting) >= EMBED_AT_ONCE:
                    self._flush()
            self._flush()
        if any(outcome.kind in ("added", "changed") for outcome in self._outcomes.values()):
            self._tell(Progress("indexing", len(self._files), len(self._files), ""))
            self._library.open_index()
        return [self._outcomes[path] for path in self._files]

    def _one(self, worker: Worker, path: Path) -> None:
        old = self._known.get(path.as_uri())
        digest = ""
        try:
            data = worker.read(path)
            digest = hashlib.sha256(data).hexdigest()
            if old is not None and old.sha256 == digest and old.status == "ready":
                self._outcomes[path] = Outcome(path, "same", old.title, old.n_passages)
                return
            text = worker.load(path, data)
        except LoadError as error:
            self._failed(path, digest, error)
        else:
            self._waiting.append(self._cut(path, digest, text, known=bool(old and old.n_passages)))

    def _cut(self, path: Path, digest: str, text: Text, *, known: bool) -> _Read:
        uri = path.as_uri()
        identity = document_id(uri)
        title = text.title or path.stem
        passages = chunk(text, identity, title, self._embedder.token_offsets)
        document = Document(
            id=identity,
            uri=uri,
            title=title,
            media_type=text.media_type,
            sha256=digest,
            n_chars=len(text.text),
            n_pages=len(text.pages) or None,
            n_passages=len(passages),
            added_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        contexts = [context(title, passage.headings) for passage in passages]
        return _Read(path, document, text, passages, contexts, known)

    def _flush(self) -> None:
        """Embed what waits, together, and commit each document by itself."""
        for read, vectors in zip(self._waiting, self._vectors(), strict=True):
            document = read.document
            self._library.put(document, read.text, read.passages, read.contexts, vectors)
            kind: Kind = "changed" if read.known else "added"
            self._outcomes[read.path] = Outcome(read.path, kind, document.title, document.n_passages)
        self._waiting.clear()

    def _vectors(self) -> list[Matrix]:
        """Return a matrix for each waiting document; vectors that the library has are not made again."""
        texts: list[str] = []
        held: list[dict[tuple[str, str], Matrix]] = []
        for read in self._waiting:
            held.append(self._library.catalog.embedded(read.document.id) if read.known else {})
            texts += [embedded_text(c, t) for c, t in _parts(read) if (c, t) not in held[-1]]
        if texts:
            self._tell(
                Progress("embedding", len(self._outcomes), len(self._files), self._waiting[-1].path.name)
            )
        made = iter(self._embedder.embed(texts)) if texts else iter(())
        return [
            np.array([have[part] if part in have else next(made) for part in _parts(read)], np.float32)
            for read, have in zip(self._waiting, held, strict=True)
        ]

    def _failed(self, path: Path, digest: str, error: LoadError) -> None:
        """Report a file that could not be read; one that Footnote should be able to read is remembered."""
        self._outcomes[path] = Outcome(path, "failed", path.stem, reason=str(error))
        if (digest and not isinstance(error, UnknownFormat)) or isinstance(error, LimitExceeded):
            uri = path.as_uri()
            document = Document(
                id=document_id(uri),
                uri=uri,
                title=path.stem,
                media_type=media_type(path.name),
                sha256=digest,
                n_chars=0,
                n_pages=None,
                n_passages=0,
                added_at=datetime.now(UTC).isoformat(timespec="seconds"),
                status="failed",
                error=str(error),
            )
            self._library.fail(document)


def document_id(uri: str) -> str:
    """Return the id of the document at `uri`: the same for every version of it."""
    return hashlib.sha256(uri.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _parts(read: _Read) -> list[tuple[str, str]]:
    return [(c, passage.text) for c, passage in zip(read.contexts, read.passages, strict=True)]
