"""The stages of a question, as ``footnote ask --explain`` prints them."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from rag.types import Candidate, Sentence, Trace
from ui.terminal import words


def explained(trace: Trace, *, plain: bool = False) -> RenderableType:
    """Return how an answer came about, stage by stage; a `plain` one draws no lines."""

    def titled(title: str) -> RenderableType:
        return Text(f"\n{title}") if plain else Rule(title, align="left", style="dim")

    parts: list[RenderableType] = [titled("What was searched"), words(trace.question)]
    if trace.query_weight:
        beside = f"beside it, at {trace.query_weight:.2f} of its weight: "
        parts.append(Text(beside, style="dim").append_text(words(trace.query, "default")))
    parts += (titled("What was found"), _candidates(trace.candidates))
    if trace.prompt:
        parts.append(titled("What the model was shown"))
        parts += (
            Group(Text(role, style="bold"), Padding(words(text), (0, 0, 1, 2))) for role, text in trace.prompt
        )
    if trace.sentences:
        parts += (titled("How each sentence was checked"), _sentences(trace.sentences))
    if trace.signals:
        parts += (titled("What the confidence was computed from"), _signals(trace))
    return Group(*parts)


def _candidates(candidates: tuple[Candidate, ...]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("BM25", "cosine", "fused", "score"):
        table.add_column(name, justify="right")
    table.add_column("passage", overflow="fold")
    for each in candidates:
        lexical = "–" if each.lexical is None else f"{each.lexical:.2f}"
        where = f"{each.title}, page {each.page}" if each.page else f"{each.title}, at {each.start:,}"
        passage = words(where)
        if each.dropped:
            passage.append_text(words(f"  dropped: {each.dropped}", "dim"))
        table.add_row(lexical, f"{each.cosine:.3f}", f"{each.fused:.3f}", f"{each.score:.3f}", passage)
    return table


def _sentences(sentences: tuple[Sentence, ...]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("support")
    table.add_column("score", justify="right")
    table.add_column("sentence", overflow="fold")
    for each in sentences:
        text = words(each.text)
        if each.missing:
            text.append_text(words(f"  in no source: {', '.join(each.missing)}", "yellow"))
        table.add_row(each.support, f"{each.score:.2f}", text)
    return table


def _signals(trace: Trace) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in trace.signals.items():
        table.add_row(name, f"{value:.3f}")
    return table
