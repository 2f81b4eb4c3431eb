"""The figures of a question set as a table of HTML, each with a bar for its interval (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from rag.evaluation.html.markup import Html, element, join
from rag.evaluation.html.plots import wilson
from rag.evaluation.report import Figure

Verdict = Literal["better", "within noise", "worse"]
_COLUMNS = {
    "Measure": "measure",
    "Value": "value",
    "Drawn": "interval",
    "95% interval": "bounds",
    "n": "n",
    "Trivial baseline": "trivial",
}
_ENDS = [element("span", end) for end in ("0", "0.5", "1")]
_HEADS = {
    "Drawn": join(
        element("span", "Drawn", class_="unseen"),
        element(
            "span", *(element("span", end) for end in ("0", "0.5", "1")), class_="scale", aria_hidden="true"
        ),
    )
}
_SPANS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Half-widths of the line for figures that may be below zero."""


def table(figures: Sequence[Figure], caption: str) -> Html:
    """Return the table; roles are written out, since a narrow screen shows the rows as cards."""
    head = (
        element("th", _HEADS.get(name, name), scope="col", role="columnheader", class_=class_)
        for name, class_ in _COLUMNS.items()
    )
    return element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", element("tr", *head, role="row"), role="rowgroup"),
        element("tbody", *map(_row, figures), role="rowgroup"),
        role="table",
    )


def verdict(figure: Figure) -> Verdict | None:
    """Say whether a figure is better than its baseline beyond noise.

    None without a baseline, and where nothing could be better: who always refuses refuses every question
    that should be.
    """
    best = 0.0 if figure.lower_is_better else 1.0
    at, low, high = figure.baseline_value, figure.low, figure.high
    if at is None or at == best or not (math.isfinite(low) and math.isfinite(high)):
        return None
    if low == high and figure.value in (0.0, 1.0):
        low, high = wilson(figure.value, figure.n)  # resamples of scores all alike show no noise
    if low <= at <= high:
        return "within noise"
    return "better" if (figure.value < at) == figure.lower_is_better else "worse"


def number(value: float) -> str:
    """Return a figure as it is read: three decimals, fewer where it is large, and a true minus."""
    if not math.isfinite(value):
        return "–"
    return f"{value:.3f}".replace("-", "−") if abs(value) < 10 else f"{value:,.1f}".replace("-", "−")


def domain(figure: Figure) -> tuple[float, float]:
    """Return the ends of the line that a figure is drawn on: 0 to 1, or even about 0 for gains and losses."""
    known = (figure.value, figure.low, figure.high, figure.baseline_value or 0.0)
    shown = [value for value in known if math.isfinite(value)]
    low, high = min(shown, default=0.0), max(shown, default=0.0)
    farthest = max(-low, high)
    if min(low, *figure.scores.values(), 0.0) < 0:
        half = next((span for span in _SPANS if span >= farthest), float(math.ceil(farthest)))
        return -half, half
    return 0.0, float(math.ceil(farthest)) or 1.0


def _row(figure: Figure) -> Html:
    note = element("span", "lower is better", class_="note") if figure.lower_is_better else None
    return element(
        "tr",
        element("th", element("span", figure.measure), note, scope="row", role="rowheader"),
        _cell("Value", number(figure.value)),
        _cell("Drawn", _bar(figure), _scale(figure)),
        _cell("95% interval", element("span", f"{number(figure.low)} – {number(figure.high)}")),
        _cell("n", f"{figure.n:,}"),
        _cell("Trivial baseline", *_baseline(figure)),
        role="row",
    )


def _cell(name: str, *children: object) -> Html:
    return element("td", *children, role="cell", class_=_COLUMNS[name])


def _baseline(figure: Figure) -> tuple[object, ...]:
    if figure.baseline_value is None:
        return (element("span", "–", class_="none"),)
    words = join(figure.baseline or "baseline", " ", element("b", number(figure.baseline_value)))
    said = verdict(figure)
    return (
        element("span", words),
        element("span", said, class_=f"verdict {said.split()[0]}") if said else None,
    )


def _scale(figure: Figure) -> Html | None:
    """Name the ends of the line where they are not 0 and 1."""
    low, high = domain(figure)
    if (low, high) == (0.0, 1.0):
        return None
    ends = (element("span", f"{end:g}".replace("-", "−")) for end in (low, high))
    return element("span", *ends, class_="scale", aria_hidden="true")


def _bar(figure: Figure) -> Html:
    """Draw the interval as a band, the value as a stroke in it and the baseline as a ring."""
    low, high = domain(figure)

    def at(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.2f}%"

    def stroke(value: float, class_: str, top: int, end: int) -> Html:
        return element("line", class_=class_, x1=at(value), x2=at(value), y1=top, y2=end)

    band = None
    if math.isfinite(figure.low) and math.isfinite(figure.high):
        width = f"{100 * (figure.high - figure.low) / (high - low):.2f}%"
        band = element("rect", class_="band", x=at(figure.low), width=width, y=5, height=10, rx=2)
    trivial = figure.baseline_value
    return element(
        "svg",
        element("line", class_="track", x1="0", x2="100%", y1=10, y2=10),
        *(stroke(end, "tick", 7, 13) for end in (low, (low + high) / 2, high)),
        band,
        element("circle", class_="baseline", cx=at(trivial), cy=10, r=4) if trivial is not None else None,
        stroke(figure.value, "mark", 2, 18),
        class_="bar",
        aria_hidden="true",
        height=20,
    )
