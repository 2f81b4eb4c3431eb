"""The figures of an evaluation as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from rag.evaluation.compare import Change
from rag.evaluation.report import Report


def figures_table(report: Report) -> Table:
    """Return each measure with its interval, its questions and the trivial baseline."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("measure", overflow="fold")
    table.add_column("figure", justify="right")
    table.add_column("95% interval", justify="right", no_wrap=True)
    table.add_column("n", justify="right")
    table.add_column("baseline", overflow="fold")
    shown = None
    for figure in report.figures:
        if figure.set != shown:
            table.add_row(Text(figure.set, style="bold cyan"))
            shown = figure.set
        table.add_row(
            Text(f"  {figure.measure}{' ↓' if figure.lower_is_better else ''}"),
            Text(share(figure.value), style="bold"),
            f"{share(figure.low)} – {share(figure.high)}",
            f"{figure.n:,}",
            Text(
                f"{figure.baseline} {share(figure.baseline_value)}"
                if figure.baseline_value is not None
                else ""
            ),
        )
    return table


def changes_table(changes: Sequence[Change]) -> Table:
    """Return what fell and what rose beyond noise."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("change", "measure", "before", "after", "95% interval of the difference", "n"):
        table.add_column(name, justify="left" if name in ("change", "measure") else "right", overflow="fold")
    for change in sorted(changes, key=lambda each: each.is_better):
        verdict = Text("worse", style="red") if change.is_worse else Text("better", style="green")
        table.add_row(
            verdict,
            Text(change.name),
            share(change.before),
            share(change.after),
            f"{change.low:+.3f} – {change.high:+.3f}",
            f"{change.n:,}",
        )
    return table


def share(value: float) -> str:
    """Return a figure as it is read: three decimals, without the leading zero of a share."""
    written = f"{value:.3f}"
    return written[1:] if written.startswith("0.") else written.replace("-0.", "-.")
