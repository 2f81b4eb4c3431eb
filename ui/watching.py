"""``footnote sync --watch``: a line per change, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ingest.outcomes import Outcome
from ingest.watch import News, changes
from rag.errors import FootnoteError, SyncRefused
from rag.text.naming import absolute
from ui.doing import synced
from ui.syncing import STYLES, Request, counts_of, lazy_embedder, place, print_counts, why
from ui.terminal import words

_RETRY_S = 5.0


def watch_and_report(console: Console, request: Request) -> bool:
    """Sync now and after each change until Ctrl-C or SIGTERM; print a line per change.

    A yes covers the first run only: a folder that is emptied later stops at the guard.

    Returns:
        Whether files have failed that still do.
    """
    watcher = _Watcher(console, request)
    with _stopped_by_signals() as stop:
        for news in changes([absolute(each) for each in request.folders], stop, without=request.library):
            watcher.on(news, stop)
    console.print(Text("stopped watching", style="dim"))
    return watcher.has_failed


class _Watcher:
    """Syncs whenever it is told that something has changed."""

    def __init__(self, console: Console, request: Request) -> None:
        self._tried: dict[Path, str | None] = {}
        self._shut: set[Path] = set()
        self._console = console
        self._request = request
        self._embedder = lazy_embedder(console, request.settings)
        self._runs = 0
        self._last_word = ""

    @property
    def has_failed(self) -> bool:
        """Whether files or folders could not be read, and still cannot."""
        return bool(self._tried or self._shut)

    def on(self, news: News, stop: threading.Event) -> None:
        """Do what the news ask for."""
        if news == "gone":
            if not self._runs:
                self._request.look()  # says which folder is not there
            self._say("the folder is gone: waiting for it to come back; nothing is removed", "yellow")
        elif news == "back":
            self._say("the folder is back", "dim")
        else:
            self._look(stop)

    def _look(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._sync(stop)
            except FootnoteError as error:
                if not self._runs and not error.retryable:
                    raise
                self._say(str(error), "yellow" if isinstance(error, SyncRefused) else "red")
                if not error.retryable:
                    return
                stop.wait(_RETRY_S)
            else:
                return

    def _sync(self, stop: threading.Event) -> None:
        looked = self._request.look()
        report, n_passages = synced(
            self._console,
            self._request.settings,
            looked,
            self._embedder,
            confirmed=self._request.confirmed and not self._runs,
            tried=self._tried,
            on_outcome=self._tell,
            stopping=stop.is_set,
        )
        failed = {each.path for each in report.outcomes if each.kind == "failed"}
        failed |= {step.path for step in report.plan.of("failing")}
        self._tried = {
            path: digest
            for path, digest in looked.disk.files.items()
            if digest is not None and path in failed
        }
        self._shut = set(looked.unlisted)
        if report.plan.work or not self._runs:
            self._last_word = ""
            print_counts(self._console, counts_of(report), f"{n_passages} passages; watching")
        self._runs += 1

    def _tell(self, outcome: Outcome) -> None:
        if outcome.kind == "same" or outcome.path in self._shut:
            return
        line = Text(f"{outcome.kind:<8}", style=STYLES[outcome.kind])
        line.append_text(words(place(outcome.path, self._request), "not bold"))
        reason = why(outcome, self._request)
        self._console.print(line.append_text(words(f"  {reason}" if reason else "", "dim")), soft_wrap=True)

    def _say(self, said: str, style: str) -> None:
        """Print a word about the state, but not twice in a row."""
        if said != self._last_word:
            self._last_word = said
            self._console.print(words(said, style), soft_wrap=True)


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set; a second Ctrl-C interrupts at once."""
    stop = threading.Event()

    def end(number: int, _frame: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
