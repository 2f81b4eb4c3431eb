"""Where answers are shown to a person: a terminal that draws again, or plain lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Protocol, TextIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment

from rag.errors import ModelUnavailable
from rag.types import Answer, AnswerFinished, Event, EvidenceFound, SentenceChecked, TextWritten, Trace
from ui import plain_answer, terminal
from ui.waiting import Waiting, aside, patiently

READING = "reading the sources"


class Screen(Protocol):
    """Shows answers, and what a conversation needs besides."""

    prompt: str
    plain: bool
    notes: Console
    """Where it is said beside the answers what takes its time."""

    def answer(self, events: Iterator[Event], searching: str) -> Answer:
        """Show an answer as it is made, and return it; `searching` says what is done until the quotes come.

        Raises:
            ModelUnavailable: the events broke off before the answer was whole.
        """

    def sources(self, answer: Answer) -> None:
        """Show the sources of an answer."""

    def opened(self, title: str, before: str, quoted: str, after: str, notice: str | None) -> None:
        """Show a quote where it stands."""

    def explained(self, trace: Trace) -> None:
        """Show how an answer came about."""

    def say(self, line: str, *, wrong: bool = False) -> None:
        """Say something that is no answer; `wrong` where something went wrong."""


def screen_for(*, plain: bool, out: TextIO | None = None) -> Screen:
    """Return the screen for an output, standard output when None.

    It is a plain one where that was asked for, where the output is no terminal, and where the terminal is a
    dumb one.
    """
    out = out or sys.stdout
    dumb = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    if plain or dumb or not out.isatty():
        return PlainScreen(out)
    return LiveScreen(Console(file=out, highlight=False))


class LiveScreen:
    """A terminal: the answer grows in place, and is drawn again when it is whole."""

    prompt = "› "
    plain = False

    def __init__(self, console: Console) -> None:
        self._console = console
        self.notes = console  # what is said there while an answer grows stands above it

    def answer(self, events: Iterator[Event], searching: str) -> Answer:
        """Show an answer as it is made, and return it."""
        view = terminal.AnswerView()
        answer = None
        tail = _Tail(Waiting(searching))
        try:
            with Live(tail, console=self._console, refresh_per_second=12, transient=True):
                for event in events:
                    match event:
                        case EvidenceFound():
                            self._show(view.evidence(event))
                            tail.shown = Waiting(READING)
                        case TextWritten() | SentenceChecked():
                            view.add(event)
                            tail.shown = view.written()
                        case AnswerFinished():
                            answer = event.answer
        except KeyboardInterrupt:
            self._show(view.written())
            raise
        finished = whole(answer)
        self._show(view.answer(finished))
        return finished

    def sources(self, answer: Answer) -> None:
        """Show the sources of an answer."""
        self._show(terminal.sources(answer))

    def opened(self, title: str, before: str, quoted: str, after: str, notice: str | None) -> None:
        """Show a quote where it stands."""
        self._show(terminal.opened(title, before, quoted, after, notice))

    def explained(self, trace: Trace) -> None:
        """Show how an answer came about."""
        from ui.explaining import explained

        self._console.print(explained(trace))

    def say(self, line: str, *, wrong: bool = False) -> None:
        """Say something that is no answer."""
        self._show(terminal.words(line, "red" if wrong else "dim"))

    def _show(self, what: RenderableType) -> None:
        self._console.print(what, width=min(self._console.width, terminal.WIDEST))


class PlainScreen:
    """Lines of text. Nothing can be taken back: sentences are written when the whole answer stands."""

    prompt = "> "
    plain = True

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.notes = aside(plain=True)

    def answer(self, events: Iterator[Event], searching: str) -> Answer:
        """Show the key quotes at once, then the whole answer, and return it."""
        answer = None
        with patiently(self.notes, searching):
            first = next(events, None)
        if isinstance(first, EvidenceFound):
            self._write(plain_answer.evidence(first))
        with patiently(self.notes, READING):
            for event in events:
                if isinstance(event, AnswerFinished):
                    answer = event.answer
        finished = whole(answer)
        self._write(plain_answer.answer(finished))
        return finished

    def sources(self, answer: Answer) -> None:
        """Show the sources of an answer."""
        self._write(plain_answer.sources(answer))

    def opened(self, title: str, before: str, quoted: str, after: str, notice: str | None) -> None:
        """Show a quote where it stands."""
        self._write(plain_answer.opened(title, before, quoted, after, notice))

    def explained(self, trace: Trace) -> None:
        """Show how an answer came about."""
        from ui.explaining import explained

        console = Console(file=self._out, highlight=False, color_system=None, force_terminal=False)
        console.print(explained(trace, plain=True))

    def say(self, line: str, *, wrong: bool = False) -> None:
        """Say something that is no answer."""
        self._write(f"{terminal.visible(line)}\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


class _Tail:
    """The last lines of what is shown, as many as the terminal has: the rest could not be drawn again."""

    def __init__(self, shown: RenderableType) -> None:
        self.shown = shown

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, terminal.WIDEST)
        lines = console.render_lines(self.shown, options.update(width=width, height=None), pad=False)
        for line in lines[-max(options.max_height - 1, 1) :]:
            yield from line
            yield Segment.line()


def whole(answer: Answer | None) -> Answer:
    """Return the answer that the events ended with.

    Raises:
        ModelUnavailable: they ended without one.
    """
    if answer is None:
        raise ModelUnavailable("the answer broke off before it was whole: ask again")
    return answer
