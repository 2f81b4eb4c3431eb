"""A library made equal to folders: what was added, changed, moved and removed there, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ingest.engine import MakeEngine
from ingest.files import sha256_of
from ingest.folder import Listing, find
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.load import is_read
from ingest.load.ocr import require as require_ocr
from ingest.local_engine import LocalEngine
from ingest.outcomes import Outcome, Progress, Step, Task, unlisted
from ingest.plan import Disk, Plan, objection, plan
from ingest.run import Run
from ingest.scans import is_unread
from rag.errors import SyncRefused, UsageError
from rag.library import Library
from rag.models import Embedder
from rag.text.naming import absolute

_SETTLED_NS = 2_000_000_000
"""A file written this short a time ago may be written again without its time and size showing it."""


class Digests:
    """Content hashes of files, kept while their size, times and place on the disk stay."""

    def __init__(self, limit: int = DEFAULT_LIMITS.max_bytes) -> None:
        """Begin with none; a file of more than `limit` bytes has none."""
        self._limit = limit
        self._known: dict[Path, tuple[tuple[int, ...], str]] = {}

    def of(self, path: Path) -> str:
        """Return the content hash of a file; empty when it cannot be read or is too large."""
        try:
            facts = os.stat(path)
        except OSError:
            return ""
        mark = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        known = self._known.get(path)
        if known is not None and known[0] == mark:
            return known[1]
        digest = sha256_of(path, self._limit)
        self._known.pop(path, None)
        if digest and time.time_ns() - max(facts.st_mtime_ns, facts.st_ctime_ns) > _SETTLED_NS:
            self._known[path] = (mark, digest)
        return digest


@dataclass(frozen=True, slots=True)
class Survey:
    """What is on the disk.

    Attributes:
        disk: the files.
        unlisted: the folders that could not be looked into, with the reason.
        leading_out: the files that are links to what lies elsewhere; they are not to be followed.
    """

    disk: Disk
    unlisted: Mapping[Path, str]
    leading_out: Collection[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: the plan, what became of its steps, and whether it was stopped before its end."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    stopped: bool = False


def survey(
    folders: Sequence[Path],
    *,
    without: Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
    digests: Digests | None = None,
) -> Survey:
    """Return the files below folders with their content hashes; only those that Footnote reads have one.

    Args:
        folders: where to look.
        without: the library's own folder, which is passed over.
        limits: how large a file may be, and whether pictures of text are read.
        digests: hashes of the last time.

    Raises:
        SyncRefused: a folder is not there, or was replaced while it was looked into.
        UsageError: one of them is not a folder.
    """
    digests = digests or Digests(limits.max_bytes)
    roots = tuple(dict.fromkeys(map(absolute, folders)))
    before = [_identity(root) for root in roots]
    found = find(roots, without=without)
    files = {
        path: _digest(path, found, digests) if is_read(path.name, pictures=limits.ocr) else None
        for path in found.files
    }
    if before != [_identity(root) for root in roots]:
        raise SyncRefused("a folder was replaced while it was looked into: nothing was done; sync again")
    looked_into = tuple(root for root in roots if root not in found.unlisted)
    disk = Disk(looked_into, files, found.passed_over | found.unlisted.keys())
    return Survey(disk, found.unlisted, found.leading_out)


def sync(
    library: Library,
    looked: Survey,
    embedder: Callable[[], Embedder],
    *,
    limits: Limits = DEFAULT_LIMITS,
    engine: MakeEngine = LocalEngine,
    confirmed: bool = False,
    tried: Mapping[Path, str | None] | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
    on_step: Callable[[Step, float], None] = lambda _step, _seconds: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Report:
    """Make the library equal to the folders that were looked into; documents of other places stay.

    Each step is one transaction: when its outcome is reported, it is safe on disk. What is gone is removed
    last. The library is locked only when there is something to do.

    Args:
        library: what to change.
        looked: the folders, see `survey`.
        embedder: returns what makes the vectors; called when there is something to embed.
        limits: how far reading one file goes, and whether scans are read.
        engine: makes what reads and embeds: this machine, or see `ingest.engines`.
        confirmed: remove what is gone, however much that is.
        tried: content hashes of files that failed just now; they are not tried again.
        on_progress: called before each file and at each stage.
        on_outcome: called with each outcome, as it comes.
        on_step: called with each step and the seconds that it took, from any thread.
        stopping: asked before each step; when true, the run ends.

    Raises:
        SyncRefused: it would remove too much, and is not confirmed.
        LibraryError: the library cannot be written: in use, no space, another embedder.
        ModelError: the embedder is not to be had, or what reads scans is not installed.
    """
    if limits.ocr:
        require_ocr()
    outcomes = [unlisted(folder, why) for folder, why in looked.unlisted.items()]
    for outcome in outcomes:
        on_outcome(outcome)
    made = _planned(library, looked, tried, ocr=limits.ocr)
    if not made.work:
        return Report(made, tuple(outcomes))
    refuse(made, confirmed=confirmed)
    library.lock("footnote sync")
    made = _planned(library, looked, tried, ocr=limits.ocr)  # another may have written before the lock
    refuse(made, confirmed=confirmed)
    run = Run(
        library,
        _checked(library, embedder),
        limits=limits,
        engine=engine,
        on_progress=on_progress,
        on_outcome=on_outcome,
        on_step=on_step,
        stopping=stopping,
    )
    tasks = [
        Task(step.path, replaces=step.source, follow=step.path not in looked.leading_out)
        for step in made.of("added", "changed", "moved", "again", "unread")
    ]
    outcomes += run.read(tasks)
    for step in made.of("removed"):
        if stopping():
            break
        if step.document is not None:
            library.remove(step.document.id)
            outcomes.append(Outcome(step.path, "removed", step.document.title))
            on_outcome(outcomes[-1])
    if any(outcome.kind not in ("same", "failed") for outcome in outcomes) and not stopping():
        on_progress(Progress("indexing", len(tasks), len(tasks), ""))
        library.open_index()
    return Report(made, tuple(outcomes), stopped=stopping())


def refuse(made: Plan, *, confirmed: bool) -> None:
    """Stop a run that would remove too much.

    Raises:
        SyncRefused: it would, and is not confirmed.
    """
    reason = None if confirmed else objection(made)
    if reason is not None:
        raise SyncRefused(f"{reason}: nothing was done; if that is meant, say --yes")


def preview(library: Library | None, looked: Survey, *, ocr: bool = False) -> Plan:
    """Return what a run would do; without a library, for one that is still to be made."""
    return plan(looked.disk, ()) if library is None else _planned(library, looked, ocr=ocr)


def _planned(
    library: Library, looked: Survey, tried: Mapping[Path, str | None] | None = None, *, ocr: bool = False
) -> Plan:
    documents = library.catalog.documents()
    blank = {each.id for each in documents if ocr and is_unread(library, each)}
    return plan(looked.disk, documents, tried, blank)


def _checked(library: Library, embedder: Callable[[], Embedder]) -> Callable[[], Embedder]:
    @cache
    def made() -> Embedder:
        one = embedder()
        library.require(one.fingerprint)
        return one

    return made


def _digest(path: Path, found: Listing, digests: Digests) -> str:
    return "" if path in found.leading_out else digests.of(path)


def _identity(folder: Path) -> tuple[int, int]:
    try:
        facts = os.stat(folder)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SyncRefused(
            f"the folder {folder} is not there ({why}): nothing was removed; is its disk connected?"
        ) from error
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: name its folder, or add it by 'footnote add'")
    return facts.st_dev, facts.st_ino
