"""What has to be done to make a library equal to folders (pure): files and documents in, steps out."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.text.naming import path_of
from rag.text.wording import counted
from rag.types import Document

StepKind = Literal["added", "changed", "moved", "again", "unread", "removed", "same", "failing", "other"]

WORK: frozenset[StepKind] = frozenset(("added", "changed", "moved", "again", "unread", "removed"))
"""The kinds of steps that do something."""

MAX_REMOVED_SHARE = 1 / 3
"""Share of the library's documents above which a run wants a yes before it removes them."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one file, or one document whose file is gone, asks for.

    Attributes:
        kind: ``added``, ``changed``, ``moved`` and ``removed`` as they say; ``again``: failed last time, or
            has pages without text that OCR may read; ``unread``: cannot be read now, or is too large;
            ``same``: nothing to do; ``failing``: tried just now, and not changed since; ``other``: not a
            kind of file that Footnote reads.
        path: the file, or where it was.
        document: what the library holds for this place.
        source: of a moved file, the document of the place where it was.
    """

    kind: StepKind
    path: Path
    document: Document | None = None
    source: Document | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of one run: those of the files in their order, then what is to be removed."""

    steps: tuple[Step, ...]
    n_documents: int
    empty: tuple[Path, ...] = ()

    @property
    def work(self) -> list[Step]:
        """The steps that do something."""
        return [step for step in self.steps if step.kind in WORK]

    def of(self, *kinds: StepKind) -> list[Step]:
        """Return the steps of these kinds."""
        return [step for step in self.steps if step.kind in kinds]


@dataclass(frozen=True, slots=True)
class Disk:
    """What is on the disk.

    Attributes:
        folders: the folders that were looked into, to their ends.
        files: for each file its content hash; empty when it could not be read, None when it is not of a kind
            that Footnote reads.
        passed_over: what is there and was not looked into; documents there, or below, are left alone.
    """

    folders: tuple[Path, ...]
    files: Mapping[Path, str | None]
    passed_over: Collection[Path] = frozenset()

    def covers(self, path: Path) -> bool:
        """Whether a file at `path` would have been seen if it were there."""
        return any(
            path.is_relative_to(folder) and not self._is_passed_over(path, folder) for folder in self.folders
        )

    def _is_passed_over(self, path: Path, folder: Path) -> bool:
        below = (each for each in (path, *path.parents) if each != folder and each.is_relative_to(folder))
        return any(each in self.passed_over for each in below)


def plan(
    disk: Disk,
    documents: Sequence[Document],
    tried: Mapping[Path, str | None] | None = None,
    blank: Collection[str] = (),
) -> Plan:
    """Return what makes a library equal to the folders of `disk`.

    Args:
        disk: the folders and their files.
        documents: every document of the library; those of other places are left alone.
        tried: content hashes of files that failed just now; they are not tried again.
        blank: ids of documents with pages without text that are worth reading again.
    """
    tried = tried or {}
    by_uri = {document.uri: document for document in documents}
    uris = {path.as_uri() for path in disk.files}
    gone = {each.uri: where for each in documents if each.uri not in uris and (where := _place(each))}
    gone = {uri: where for uri, where in gone.items() if disk.covers(where)}
    sources = _moves(disk.files, by_uri, [(by_uri[uri], where) for uri, where in gone.items()])
    moved = {source.uri for source in sources.values()}
    steps = []
    for path, digest in disk.files.items():
        held, source = by_uri.get(path.as_uri()), sources.get(path)
        steps.append(Step(_kind(path, digest, held, source, tried, blank), path, held, source))
    steps += (Step("removed", where, by_uri[uri]) for uri, where in gone.items() if uri not in moved)
    empty = tuple(each for each in disk.folders if not any(file.is_relative_to(each) for file in disk.files))
    return Plan(tuple(steps), len(documents), empty)


def objection(made: Plan) -> str | None:
    """Return why a plan wants a yes before it is carried out, or None."""
    removed = made.of("removed")
    for folder in made.empty:
        n = sum(step.path.is_relative_to(folder) for step in removed)
        if n:
            went = counted(n, "document")
            return f"the folder {folder} is empty, and {went} of the library would be removed"
    if len(removed) > MAX_REMOVED_SHARE * made.n_documents:
        every = counted(made.n_documents, "document")
        return f"{len(removed)} of the {every} of the library would be removed"
    return None


def _kind(
    path: Path,
    digest: str | None,
    held: Document | None,
    source: Document | None,
    tried: Mapping[Path, str | None],
    blank: Collection[str],
) -> StepKind:
    if digest is None:
        return "other"
    if held is not None and digest and (held.sha256, held.status) == (digest, "ready"):
        return "again" if held.id in blank else "same"
    if tried.get(path) == digest:
        return "failing"
    if not digest:
        return "unread"
    if source is not None:
        return "moved"
    if held is None:
        return "added"
    return "again" if held.status == "failed" else "changed"


def _moves(
    files: Mapping[Path, str | None], by_uri: Mapping[str, Document], gone: Iterable[tuple[Document, Path]]
) -> dict[Path, Document]:
    """Return for each file with the content of a document that is gone that document, each once.

    Of several, one with the file's name is taken first: only its folder has changed.
    """
    left: dict[str, list[tuple[Document, Path]]] = {}
    for document, where in gone:
        if document.n_passages:
            left.setdefault(document.sha256, []).append((document, where))
    arrived = [
        (path, digest)
        for path, digest in files.items()
        if digest and _is_new(digest, by_uri.get(path.as_uri()))
    ]
    found: dict[Path, Document] = {}
    for named_alike in (True, False):
        for path, digest in arrived:
            if path in found:
                continue
            for entry in left.get(digest, ()):
                if not named_alike or entry[1].name == path.name:
                    found[path] = entry[0]
                    left[digest].remove(entry)
                    break
    return found


def _is_new(digest: str, held: Document | None) -> bool:
    return held is None or held.sha256 != digest or not held.n_passages


def _place(document: Document) -> Path | None:
    """Return the path of a document's file without ``..``; None when it is not a file's."""
    path = path_of(document.uri)
    return None if path is None else Path(os.path.normpath(path))
