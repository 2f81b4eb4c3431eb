"""``footnote sync``: progress while it runs, a table when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.files import shown
from ingest.limits import Limits
from ingest.outcomes import Outcome
from ingest.plan import Plan, Step, objection
from ingest.sync import Digests, Report, Survey, preview, survey
from rag.errors import LibraryMissing
from rag.library import Library
from rag.models import Embedder, make_embedder
from rag.settings import Settings
from rag.text.naming import absolute, path_of
from ui.adding import moving
from ui.doing import synced
from ui.options import print_json
from ui.terminal import words
from ui.waiting import counting, fetching

STYLES = {
    "added": "green",
    "changed": "green",
    "moved": "green",
    "removed": "yellow",
    "same": "dim",
    "failed": "red",
}
_PREVIEW = {"again": "to try again", "unread": "cannot be read", "failing": "failed"}


@dataclass(slots=True)
class Request:
    """What is to be made equal, and how; `embedder` makes the embedder once it is needed."""

    settings: Settings
    folders: Sequence[Path]
    confirmed: bool = False
    as_json: bool = False
    digests: Digests = field(init=False)

    def __post_init__(self) -> None:
        """Begin without content hashes."""
        self.digests = Digests(self.limits.max_bytes)

    @property
    def library(self) -> Path:
        """The library's folder."""
        return absolute(self.settings.library)

    @property
    def limits(self) -> Limits:
        """How far reading one file goes."""
        return Limits.of(self.settings)

    def look(self) -> Survey:
        """Return what is on the disk now."""
        return survey(self.folders, without=self.library, limits=self.limits, digests=self.digests)


def sync_and_report(console: Console, request: Request) -> bool:
    """Make the library equal to the folders, print what came of it, and return whether files failed."""
    looked = request.look()
    with counting(console) as bar:
        report, n_passages = synced(
            console,
            request.settings,
            looked,
            lazy_embedder(console, request.settings),
            confirmed=request.confirmed,
            on_progress=moving(bar, "looking for changes…"),
        )
    news = [outcome for outcome in report.outcomes if outcome.kind != "same"]
    counts = counts_of(report)
    if request.as_json:
        print_json(_json(request, counts, [_outcome_json(each) for each in news]))
        return bool(counts["failed"])
    if news:
        console.print(_table((place(each.path, request), each.kind, why(each, request)) for each in news))
    print_counts(console, counts, f"{n_passages} passages in {request.settings.place}")
    _print_others(console, report.plan)
    return bool(counts["failed"])


def preview_and_report(console: Console, request: Request) -> bool:
    """Print what a run would do, change nothing, and return whether the guard would stop it."""
    made = _previewed(request)
    reason = None if request.confirmed else objection(made)
    steps = [step for step in made.steps if step.kind not in ("same", "other")]
    if request.as_json:
        print_json(_json(request, _step_counts(made), [_step_json(s) for s in steps]) | {"refused": reason})
        return reason is not None
    if steps:
        rows = ((place(s.path, request), _PREVIEW.get(s.kind, s.kind), _from(s, request)) for s in steps)
        console.print(_table(rows))
    print_counts(console, _step_counts(made), "nothing was changed")
    _print_others(console, made)
    if reason is not None:
        console.print(Text(f"A run would stop: {reason}. To do it, say --yes.", style="yellow"))
    return reason is not None


def lazy_embedder(console: Console, settings: Settings) -> Callable[[], Embedder]:
    """Return what makes the embedder, once, when there is something to embed."""

    @cache
    def made() -> Embedder:
        with fetching(console) as fetched:
            return make_embedder(settings, fetched)

    return made


def _previewed(request: Request) -> Plan:
    looked = request.look()
    try:
        with Library.of(request.settings) as library:
            return preview(library, looked, ocr=request.settings.ocr)
    except LibraryMissing:
        return preview(None, looked)


def _table(rows: Iterator[tuple[str, str, str]]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("file", overflow="fold")
    table.add_column("outcome")
    table.add_column("", overflow="fold")
    for name, kind, why in rows:
        table.add_row(words(name), Text(kind, style=STYLES.get(kind, "yellow")), words(why))
    return table


def place(path: Path, request: Request) -> str:
    """Return a path in few words: below the folder, where there is only one."""
    if len(request.folders) == 1 and path.is_relative_to(root := absolute(request.folders[0])):
        path = path.relative_to(root)
    return shown(str(path))


def why(outcome: Outcome, request: Request) -> str:
    """Return where a file was before, or why it failed."""
    if outcome.source is not None:
        return f"from {place(outcome.source, request)}"
    return (outcome.reason or "").removeprefix(f"{shown(outcome.path.name)}: ")


def _from(step: Step, request: Request) -> str:
    source = path_of(step.source.uri) if step.source is not None else None
    return "" if source is None else f"from {place(source, request)}"


def counts_of(report: Report) -> Counter[str]:
    """Return how many files there are of each outcome, those included that needed nothing."""
    counts = Counter[str](outcome.kind for outcome in report.outcomes)
    counts["same"] += len(report.plan.of("same"))
    counts["failed"] += len(report.plan.of("failing"))
    return counts


def _step_counts(made: Plan) -> Counter[str]:
    return Counter[str](step.kind for step in made.steps)


def print_counts(console: Console, counts: Mapping[str, int], end: str) -> None:
    """Print how many files there are of each outcome, and a last word."""
    kinds = [*STYLES, *(kind for kind in _PREVIEW if counts.get(kind))]
    told = ", ".join(f"{counts.get(kind, 0)} {_PREVIEW.get(kind, kind)}" for kind in kinds)
    console.print(Text(told).append(f" · {end}", style="dim"))


def _print_others(console: Console, made: Plan) -> None:
    others = Counter[str](step.path.suffix.lower() or "no extension" for step in made.of("other"))
    if others:
        kinds = ", ".join(f"{n} {shown(suffix)}" for suffix, n in others.most_common(8))
        console.print(Text(f"Passed over, as Footnote does not read them: {kinds}", style="dim"))


def _json(request: Request, counts: Mapping[str, int], files: list[dict[str, Any]]) -> dict[str, Any]:
    folders = [shown(str(absolute(folder))) for folder in request.folders]
    return {"folders": folders, "counts": dict(counts), "files": files}


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "path": shown(str(outcome.path)),
        "outcome": outcome.kind,
        "title": outcome.title,
        "from": None if outcome.source is None else shown(str(outcome.source)),
        "reason": outcome.reason,
    }


def _step_json(step: Step) -> dict[str, Any]:
    source = path_of(step.source.uri) if step.source is not None else None
    return {
        "path": shown(str(step.path)),
        "outcome": step.kind,
        "title": step.document.title if step.document is not None else None,
        "from": None if source is None else shown(str(source)),
        "reason": step.document.error if step.document is not None else None,
    }
