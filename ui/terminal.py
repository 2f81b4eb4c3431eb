"""Answers, tables and progress in a terminal.

Words of documents and models pass through `words`: nothing in them acts on the terminal, or hides in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from rag.hidden import shown
from rag.types import (
    Answer,
    AnswerFinished,
    Citation,
    Document,
    Event,
    EvidenceFound,
    FoundPassage,
    Sentence,
    SentenceChecked,
    TextWritten,
)

_STYLES = {"supported": "", "partly": "italic", "unsupported": "dim italic"}
_NEAREST = 3


def words(text: str, style: str = "") -> Text:
    """Return words from outside as they may be printed: never as markup, hidden characters as labels."""
    return Text(shown(text), style)


def write_text(text: str) -> None:
    """Write a document's text: exactly to a file or program, to a person with hidden characters as labels."""
    sys.stdout.buffer.write((shown(text) if sys.stdout.isatty() else text).encode("utf-8"))
    sys.stdout.buffer.flush()


def place(at: Citation | FoundPassage) -> str:
    """Return where a quote stands, in words: title and page; hidden characters are labelled."""
    title = shown(at.title)
    return f"{title}, page {at.page}" if at.page else title


class AnswerView:
    """An answer as it grows: quotes first, then sentences with their marks, then the sources."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._numbers: dict[Citation, int] = {}
        self._sentences: list[Sentence] = []
        self._text = ""

    def evidence(self, event: EvidenceFound) -> RenderableType:
        """Return the key quotes."""
        if not event.quotes:
            return Text()
        lines: list[RenderableType] = [Text("Key quotes", style="bold")]
        for quote in event.quotes:
            said = words(f"“{_flat(quote.quote)}”").append(f"  — {place(quote)}", style="cyan")
            lines.append(Padding(said, (0, 0, 0, 2)))
        return Group(*lines, Text())

    def add(self, event: TextWritten | SentenceChecked) -> None:
        """Take in what was written or checked."""
        if isinstance(event, TextWritten):
            self._text += event.text
        else:
            self._sentences.append(event.sentence)

    def written(self) -> Text:
        """Return the sentences so far with their marks, and dimmed what is still being written."""
        text = Text()
        at = 0
        for sentence in self._sentences:
            text.append_text(self.sentence(sentence)).append(" ")
            at = self._text.find(sentence.text, at) + len(sentence.text)
        return text.append_text(words(self._text[at:].strip(), "dim"))

    def sentence(self, sentence: Sentence) -> Text:
        """Return a sentence with the numbers of its citations."""
        text = words(sentence.text, _STYLES[sentence.support])
        for citation in sentence.citations:
            text.append(f"[{self._numbers.setdefault(citation, len(self._numbers) + 1)}]", style="bold cyan")
        if sentence.support == "unsupported":
            text.append(" (no source says this)", style="yellow")
        elif sentence.support == "partly":
            text.append(" (partly supported)", style="yellow")
        return text

    def end(self, answer: Answer) -> RenderableType:
        """Return what follows the answer: the sources, or for a refusal the nearest passages."""
        if answer.refused:
            return _refusal(answer)
        lines: list[RenderableType] = [Text("Sources", style="bold")]
        for number, source in enumerate(answer.sources, 1):
            where = Text(f"[{number}] ", style="bold cyan").append(place(source), style="not bold")
            lines += (Padding(where, (0, 0, 0, 2)), Padding(words(_flat(source.quote)), (0, 0, 0, 6)))
        return Group(*lines, _footer(answer))


def show_answer(console: Console, events: Iterator[Event]) -> Answer:
    """Print an answer as it is made, and return it."""
    view = AnswerView()
    first = next(events)
    assert isinstance(first, EvidenceFound)  # noqa: S101 - a stream begins with its evidence
    console.print(view.evidence(first))
    waiting = Spinner("dots", Text("reading the sources…", style="dim"))
    with Live(waiting, console=console, refresh_per_second=12, transient=not console.is_terminal) as live:
        for event in events:
            if isinstance(event, AnswerFinished):
                answer = event.answer
            elif not isinstance(event, EvidenceFound):
                view.add(event)
                live.update(view.written())
        live.update(_final(view, answer))
    if not console.is_terminal:
        console.print(_final(view, answer))
    console.print(view.end(answer))
    return answer


def _final(view: AnswerView, answer: Answer) -> Text:
    if answer.refused or answer.model == "none":
        return Text()
    return Text(" ").join(view.sentence(sentence) for sentence in answer.sentences).append("\n")


def _refusal(answer: Answer) -> RenderableType:
    lines: list[RenderableType] = [Text(answer.text, style="bold")]
    nearest = () if answer.quotes else answer.passages[:_NEAREST]
    lines.append(Text("The nearest passages:" if nearest else "The quotes above come nearest.", style="dim"))
    for passage in nearest:
        flat = _flat(passage.text)
        text = words(flat[:240] + ("…" if len(flat) > 240 else ""))
        lines.append(Padding(text.append(f"  — {place(passage)}", style="cyan"), (0, 0, 0, 2)))
    lines.append(Text("Ask in other words, or add documents that hold the answer.", style="dim"))
    return Group(*lines, _footer(answer))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _footer(answer: Answer) -> Text:
    retrieved, total = answer.timings.get("retrieve_s"), answer.timings.get("total_s")
    writer = "the documents' own words" if answer.model == "none" else answer.model
    return Text(f"\n{writer} · evidence in {retrieved:.1f} s · whole answer in {total:.1f} s", style="dim")


def documents_table(documents: Sequence[Document]) -> Table:
    """Return the documents of a library as a table."""
    table = Table(box=None, header_style="bold")
    for name in ("id", "title", "pages", "passages", "status", "uri"):
        table.add_column(name, justify="right" if name in ("pages", "passages") else "left", overflow="fold")
    for each in documents:
        status = (
            Text("ready", style="green") if each.status == "ready" else words(f"failed: {each.error}", "red")
        )
        pages = str(each.n_pages or "")
        table.add_row(each.id, words(each.title), pages, str(each.n_passages), status, words(each.uri))
    return table


@contextmanager
def fetching(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each model file that is fetched; yields the callback that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks = {}

        def move(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = progress.add_task(label, total=total)
                if not console.is_terminal:
                    console.print(f"{label} ({total / 1e6:,.0f} MB)…")
            progress.update(tasks[label], completed=done, total=total)

        yield move


def counting(console: Console) -> Progress:
    """Return a bar that counts files."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
