"""Files and folders into a library: found, run over, and searchable at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ingest.engine import MakeEngine
from ingest.folder import find
from ingest.limits import DEFAULT_LIMITS, Limits
from ingest.load.ocr import require as require_ocr
from ingest.local_engine import LocalEngine
from ingest.outcomes import Outcome, Progress, Step, Task, unlisted
from ingest.run import Run
from rag.library import Library
from rag.models import Embedder

__all__ = ["Outcome", "Progress", "add"]


def add(
    library: Library,
    paths: Iterable[Path],
    embedder: Embedder,
    *,
    limits: Limits = DEFAULT_LIMITS,
    engine: MakeEngine = LocalEngine,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
    on_step: Callable[[Step, float], None] = lambda _step, _seconds: None,
    stopping: Callable[[], bool] = lambda: False,
) -> list[Outcome]:
    """Add files and folders to a library; what has not changed is left alone.

    Each document is one transaction: when its outcome is reported, it is safe on disk.

    Args:
        library: where to.
        paths: files, and folders that are walked to their ends; hidden files are passed over, and links that
            lead out of the folders are refused.
        embedder: makes the vectors.
        limits: how far reading one file goes, and whether scans are read.
        engine: makes what reads and embeds: this machine, or see `ingest.engines`.
        on_progress: called before each file and at each stage.
        on_outcome: called with each outcome as soon as it is certain.
        on_step: called with each step and the seconds that it took, from any thread.
        stopping: asked before each file; once it is true no further file is read, those that were read are
            finished, and the index is left to catch up when it is next opened.

    Returns:
        One outcome for each file, in the order of the files, none for files that a stop left out; then the
        folders that could not be listed.

    Raises:
        LibraryError: the library cannot be written: in use, no space, another embedder.
        ModelError: the embedder is not to be had, or what reads scans is not installed.
    """
    if limits.ocr:
        require_ocr()
    library.lock("footnote add")
    library.require(embedder.fingerprint)
    on_progress(Progress("finding", 0, 0, ""))
    found = find(list(paths), without=library.path)
    tasks = [Task(path, follow=path not in found.leading_out) for path in found.files]
    run = Run(
        library,
        lambda: embedder,
        limits=limits,
        engine=engine,
        on_progress=on_progress,
        on_outcome=on_outcome,
        on_step=on_step,
        stopping=stopping,
    )
    outcomes = run.read(tasks)
    outcomes += (unlisted(folder, why) for folder, why in found.unlisted.items())
    if any(outcome.kind in ("added", "changed") for outcome in outcomes) and not stopping():
        on_progress(Progress("indexing", len(tasks), len(tasks), ""))
        library.open_index()
    return outcomes
