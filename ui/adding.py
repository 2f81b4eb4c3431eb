"""``footnote add``: progress while it runs, a table when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from ingest.files import shown
from ingest.outcomes import Outcome, Progress
from rag.errors import ServerGone
from rag.settings import Settings
from ui.doing import added
from ui.terminal import words
from ui.waiting import counting

_STYLES = {"added": "green", "changed": "green", "same": "dim", "failed": "red"}
_VERBS = {
    "finding": "looking for files…",
    "reading": "reading {}",
    "embedding": "embedding up to {}",
    "waiting": "waiting for {}",
    "indexing": "bringing the index up to date…",
}


def add_and_report(console: Console, settings: Settings, paths: Sequence[Path]) -> int:
    """Add the files, print what became of each, and return the exit code: 1 where any failed.

    At SIGTERM or Ctrl-C the files at hand are finished, and the exit code is 143 or 130.
    """
    certain: list[Outcome] = []
    bar = counting(console)

    def begun() -> Callable[[Progress], None]:
        bar.start()
        return moving(bar, _VERBS["finding"])

    try:
        done, stop = added(console, settings, paths, bar=begun, on_outcome=certain.append)
    except ServerGone:
        if certain:
            console.print(_table(certain))
        raise
    finally:
        bar.stop()
    outcomes = done.outcomes
    if outcomes or not stop:
        console.print(_table(outcomes) if outcomes else "No files there.")
    counts = Counter[str](outcome.kind for outcome in outcomes)
    console.print(
        Text(", ".join(f"{counts[kind]} {kind}" for kind in _STYLES)).append(
            f" · {done.n_passages} passages in {settings.place}", style="dim"
        )
    )
    if stop:
        console.print("Stopped. What is listed is in the library; run the same command again for the rest.")
    return stop.exit_code or int(counts["failed"] > 0)


def moving(bar: Bar, first: str) -> Callable[[Progress], None]:
    """Begin a line of the bar with the words `first`; return what moves it as a run goes on.

    What a run waits for is told where no bar is drawn as well, once.
    """
    task = bar.add_task(first, total=None)
    told: set[str] = set()

    def move(progress: Progress) -> None:
        stage = _VERBS[progress.stage].format(shown(progress.name))
        bar.update(task, description=stage, completed=progress.done, total=progress.total or None)
        if progress.stage == "waiting" and bar.disable and stage not in told:
            told.add(stage)
            bar.console.print(words(stage), soft_wrap=True)

    return move


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("file", overflow="fold")
    table.add_column("outcome")
    table.add_column("passages", justify="right")
    table.add_column("why", overflow="fold")
    for outcome in outcomes:
        table.add_row(
            words(shown(outcome.path.name)),
            Text(outcome.kind, style=_STYLES[outcome.kind]),
            str(outcome.n_passages or ""),
            words((outcome.reason or "").removeprefix(f"{shown(outcome.path.name)}: ")),
        )
    return table
