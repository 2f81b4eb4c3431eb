"""What is shown while something takes its time: bars, and a word after two seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn
from rich.spinner import Spinner
from rich.text import Text

from rag.progress import Progress as Tell

PATIENCE_S = 2.0
"""Seconds of silence that need no explanation."""


class Waiting:
    """A spinner with what is waited for, and for how long already."""

    def __init__(self, said: str) -> None:
        self._said = said
        self._spinner = Spinner("dots")
        self._began = time.monotonic()

    def __rich__(self) -> Spinner:
        """Return the spinner as it is now."""
        seconds = time.monotonic() - self._began
        lasting = f" {seconds:.0f} s" if seconds >= PATIENCE_S else ""
        self._spinner.update(text=Text(f"{self._said}…{lasting}", "dim"))
        return self._spinner


def aside(*, plain: bool) -> Console:
    """Return standard error, for what is said beside an answer; on a plain one nothing is drawn again."""
    seen = sys.stderr.isatty()
    colours: Literal["auto"] | None = None if plain else "auto"
    return Console(
        stderr=True,
        highlight=False,
        color_system=colours,
        force_terminal=seen,
        force_interactive=seen and not plain,
    )


@contextmanager
def patiently(console: Console, said: str) -> Iterator[None]:
    """Say what is waited for, on a line of its own and to a person only, once it has taken two seconds."""
    if not console.is_terminal:
        yield
        return
    late = threading.Timer(PATIENCE_S, console.print, (Text(f"{said}…"),))
    late.daemon = True
    late.start()
    try:
        yield
    finally:
        late.cancel()


@contextmanager
def fetching(console: Console) -> Iterator[Tell]:
    """Show a bar for each model file that is fetched; yields the callback that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    drawing = console.is_interactive and not console.is_dumb_terminal
    progress = Progress(*columns, console=console, disable=not drawing)
    tasks = {}

    def move(label: str, done: int, total: int) -> None:
        if label not in tasks:
            progress.start()  # only now: mostly there is nothing to fetch
            tasks[label] = progress.add_task(label, total=total)
            if not drawing:
                console.print(f"{label} ({total / 1e6:,.0f} MB)…")
        progress.update(tasks[label], completed=done, total=total)

    try:
        yield move
    finally:
        progress.stop()


def counting(console: Console) -> Progress:
    """Return a bar that counts files."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
