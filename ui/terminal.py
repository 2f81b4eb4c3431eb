"""Answers and tables for a terminal, as renderables (pure).

Words of documents and models pass through `visible`: nothing in them acts on the terminal, or hides in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rag.text.hidden import shown
from rag.types import (
    Answer,
    Citation,
    Conflict,
    Document,
    EvidenceFound,
    FoundPassage,
    Sentence,
    SentenceChecked,
    TextWritten,
)
from ui.verdicts import verdict_of

UNSOURCED = "[?]"
"""Stands where the number of a source would be."""

NEAREST, CLIP = 3, 240
WIDEST = 110
"""Columns of running text; longer lines are hard to read."""

_STYLES = {"supported": "", "partly": "italic", "unsupported": "dim italic"}
_NARROW = 64
_NAMED = 6
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_HALF = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """Return words from outside as they may be printed: hidden characters as labels, line breaks as such."""
    return _HALF.sub("\ufffd", _BREAK.sub("\n", shown(text)))


def flat(text: str) -> str:
    """Return words from outside on one line, as they may be printed."""
    return " ".join(visible(text).split())


def words(text: str, style: str = "") -> Text:
    """Return words from outside, never as markup; see `visible`."""
    return Text(visible(text), style)


def place(at: Citation | FoundPassage) -> str:
    """Return where a quote stands, in words: title and page."""
    return f"{flat(at.title)}, page {at.page}" if at.page else flat(at.title)


def clipped(passage: FoundPassage) -> str:
    """Return the beginning of a passage on one line."""
    line = flat(passage.text)
    return line if len(line) <= CLIP else f"{line[:CLIP]}…"


def found_words(passages: Sequence[FoundPassage]) -> str:
    """Return how many passages were found, and in which documents."""
    if not passages:
        return "No passage was found."
    pages: dict[str, set[int]] = {}
    titles = {each.document_id: flat(each.title) for each in passages}
    for each in passages:
        pages.setdefault(each.document_id, set()).update({each.page} if each.page else ())
    named = [titles[key] + _pages(sorted(pages[key])) for key in list(titles)[:_NAMED]]
    more = [f"{len(titles) - _NAMED} more"] if len(titles) > _NAMED else []
    noun = "passage" if len(passages) == 1 else "passages"
    return f"{len(passages)} {noun} found: {' · '.join([*named, *more])}"


def footer(answer: Answer) -> str:
    """Return who wrote the answer, and how long it took."""
    writer = "the documents' own words" if answer.model == "none" else flat(answer.model)
    times = (
        ("evidence in", answer.timings.get("retrieve_s")),
        ("whole answer in", answer.timings.get("total_s")),
    )
    return " · ".join([writer, *(f"{name} {value:.1f} s" for name, value in times if value is not None)])


class AnswerView:
    """An answer as it grows: quotes first, then sentences with their marks, then the sources."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._numbers: dict[Citation, int] = {}
        self._sentences: list[Sentence] = []
        self._text = ""

    def evidence(self, event: EvidenceFound) -> RenderableType:
        """Return the key quotes, and what was found."""
        lines: list[RenderableType] = [Text("Key quotes", style="bold")] if event.quotes else []
        for quote in event.quotes:
            said = Text(f"“{flat(quote.quote)}”").append(f"  — {place(quote)}", style="cyan")
            lines.append(_item(said))
        return Group(*lines, Text(found_words(event.passages), "dim"), Text())

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
            found = self._text.find(sentence.text, at)
            at = at if found < 0 else found + len(sentence.text)
        return text.append_text(words(self._text[at:].strip(), "dim"))

    def sentence(self, sentence: Sentence) -> Text:
        """Return a sentence with the numbers of its citations; one without says why it has none."""
        text = words(sentence.text, _STYLES[sentence.support])
        for citation in sentence.citations:
            number = self._numbers.setdefault(citation, len(self._numbers) + 1)
            text.append(f" [{number}]", style="bold cyan not italic")
        if not sentence.citations:
            text.append(f" {UNSOURCED}", style="bold yellow not dim not italic")
        if verdict := verdict_of(sentence):
            text.append(f" ({flat(verdict)})", style="yellow not dim not italic")
        return text

    def answer(self, answer: Answer) -> RenderableType:
        """Return the whole: the sentences, what disagrees and the sources; or a refusal with what is near."""
        if answer.refused:
            return _refusal(answer)
        parts: list[RenderableType] = []
        if answer.model != "none":
            parts += (Text(" ").join(map(self.sentence, answer.sentences)), Text())
        parts += map(_conflict, answer.conflicts)
        return Group(*parts, sources(answer), Text(f"\n{footer(answer)}", style="dim"))


class SourcesTable:
    """The numbered sources: a table where there is room, else one below the other."""

    def __init__(self, numbered: Sequence[Citation]) -> None:
        self._numbered = numbered

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what fits the width."""
        wide = options.max_width >= _NARROW
        table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), show_header=wide)
        table.add_column("", style="bold cyan", no_wrap=True)
        paged = any(each.page for each in self._numbered)
        if wide:
            table.add_column("Source", overflow="fold", max_width=options.max_width // 3)
            if paged:
                table.add_column("Page", justify="right", no_wrap=True)
        table.add_column("Quote", overflow="fold")
        for number, each in enumerate(self._numbered, 1):
            row = [f"[{number}]", flat(each.title), str(each.page or "")]
            quote = Text(f"“{flat(each.quote)}”")
            if wide:
                table.add_row(*map(Text, row if paged else row[:2]), quote)
            else:
                table.add_row(Text(row[0]), Group(Text(place(each), "bold"), quote))
        yield table


def sources(answer: Answer) -> RenderableType:
    """Return the numbered sources of an answer."""
    return Group(Text("Sources", style="bold"), SourcesTable(answer.sources))


def opened(title: str, before: str, quoted: str, after: str, notice: str | None = None) -> RenderableType:
    """Return a quote where it stands: in its document, between the words around it."""
    parts: list[RenderableType] = [Text(flat(title), "bold")]
    if notice:
        parts.append(Text(notice, "yellow"))
    spans = ((before, "dim"), (quoted, "bold reverse"), (after, "dim"))
    text = Text().join(words(span, style) for span, style in spans)
    return Group(*parts, _indented(text))


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


def _refusal(answer: Answer) -> RenderableType:
    lines: list[RenderableType] = [Text(flat(answer.text), style="bold")]
    nearest = () if answer.quotes else answer.passages[:NEAREST]
    lines.append(Text("The nearest passages:" if nearest else "The quotes above come nearest.", style="dim"))
    for passage in nearest:
        lines.append(_item(Text(clipped(passage)).append(f"  — {place(passage)}", style="cyan")))
    lines.append(Text("Ask in other words, or add documents that hold the answer.", style="dim"))
    return Group(*lines, Text(f"\n{footer(answer)}", style="dim"))


def _conflict(conflict: Conflict) -> RenderableType:
    rests = Text("The answer rests on ").append(place(conflict.against), "cyan")
    other = Text("Another says ").append(flat(conflict.value), "bold")
    other.append(": ").append(place(conflict.other), "cyan")
    return Group(
        Text("Your sources disagree", "bold yellow"),
        _indented(rests),
        _indented(Text(f"“{flat(conflict.against.quote)}”"), 4),
        _indented(other),
        _indented(Text(f"“{flat(conflict.other.quote)}”"), 4),
        Text(),
    )


def _item(text: Text) -> Padding:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("-", text)
    return Padding(grid, (0, 0, 0, 1))


def _indented(text: Text, by: int = 2) -> Padding:
    return Padding(text, (0, 0, 0, by))


def _pages(pages: Sequence[int]) -> str:
    if not pages:
        return ""
    *first, last = map(str, pages)
    return f", pages {', '.join(first)} and {last}" if first else f", page {last}"
