"""The three plots of a report as SVG (pure).

Text stays text, each plot has a title and a description for those who hear it, and colours are the page's
classes, so that dark mode and print need no second drawing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rag.evaluation.html.markup import Html, element, join

Point = tuple[float, float, float]

WIDTH, HEIGHT = 360.0, 290.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 14.0, 32.0, 48.0
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
_FLOORS = {0.0: 0.25, 0.4: 0.2, 0.6: 0.1, 0.8: 0.05}
"""Where recall's axis may begin, with the step of its ticks."""
_ROOM = 0.06
"""What is left free below the lowest recall, for its label."""
_LARGEST_DOT = 9.0
_Z = 1.959964
"""The normal distribution's 97.5% quantile."""


@dataclass(frozen=True, slots=True)
class _Axes:
    """Where values stand on the drawing; `log` makes the horizontal axis logarithmic."""

    x: tuple[float, float]
    y: tuple[float, float]
    log: bool = False

    def across(self, value: float) -> float:
        low, high, at = (math.log(v) if self.log else v for v in (*self.x, value))
        return _LEFT + (at - low) / ((high - low) or 1) * (WIDTH - _LEFT - _RIGHT)

    def up(self, value: float) -> float:
        low, high = self.y
        return HEIGHT - _BOTTOM - (value - low) / ((high - low) or 1) * (HEIGHT - _BOTTOM - _TOP)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        return "M" + "L".join(f"{self.across(x):.1f} {self.up(y):.1f}" for x, y in points)


def recall(points: Sequence[Point], name: str) -> Html:
    """Draw recall (y) over the number of documents looked at (x, logarithmic)."""
    points = sorted(points)
    lowest = min(y for _, y, _ in points)
    floor = max(each for each in _FLOORS if each <= max(lowest - _ROOM, 0.0))
    step = _FLOORS[floor]
    ticks = [1 - step * i for i in range(round((1 - floor) / step) + 1)]
    axes = _Axes((points[0][0], points[-1][0]), (floor, 1.0), log=True)
    line = [(x, y) for x, y, _ in points]
    marks = [
        join(_dot(axes, x, y, 3.5, f"recall@{x:g}: {y:.3f}"), _label(axes, before, (x, y)))
        for before, (x, y) in zip([line[0], *line], line, strict=False)
    ]
    return _drawing(
        f"{name}: recall at k",
        f"Recall rises from {line[0][1]:.3f} at k = {line[0][0]:g} to {line[-1][1]:.3f} at k = "
        f"{line[-1][0]:g}. The vertical axis starts at {floor:g}.",
        _frame(axes, [x for x, _ in line], ticks, "k, documents looked at", "recall"),
        element("path", class_="curve", d=axes.path(line)),
        *marks,
    )


def refusal(points: Sequence[Point], name: str, operating: tuple[float, float] | None) -> Html:
    """Draw what share of unanswerable questions is refused (y) as more answerable ones are too (x).

    `operating` is what the product does, marked where it is known.
    """
    axes = _Axes((0.0, 1.0), (0.0, 1.0))
    line = [(x, y) for x, y, _ in sorted(points, key=lambda point: point[2])]
    told = "A curve above the diagonal separates better than chance."
    mark = None
    if operating is not None:
        x, y = operating
        told += f" As it answers now: {y:.3f} of the unanswerable refused, {x:.3f} of the answerable."
        mark = join(
            element("circle", class_="here", cx=axes.across(x), cy=axes.up(y), r=6.5),
            _beside(axes, x, y, f"now: {y:.2f} at {x:.2f}"),
        )
    return _drawing(
        f"{name}: refusal curve",
        told,
        _frame(axes, _QUARTERS, _QUARTERS, "answerable, refused", "unanswerable, refused"),
        element("path", class_="area", d=axes.path([*line, (1.0, 0.0), (0.0, 0.0)])),
        _diagonal(axes, "refusing at random"),
        element("path", class_="curve", d=axes.path(line)),
        mark,
    )


def reliability(points: Sequence[Point], name: str) -> Html:
    """Draw how often answers are right (y) by their confidence (x); a dot's area is its bin's size."""
    axes = _Axes((0.0, 1.0), (0.0, 1.0))
    largest = max(size for _, _, size in points)
    marks = []
    for x, y, size in points:
        low, high = wilson(y, size)
        said = f"confidence {x:.2f}: {y:.2f} right of {size:g} questions"
        whisker = axes.path([(x, low), (x, high)])
        radius = max(2.5, _LARGEST_DOT * math.sqrt(size / largest) * 0.7)
        marks.append(join(element("path", class_="whisker", d=whisker), _dot(axes, x, y, radius, said)))
    total = sum(size for _, _, size in points)
    return _drawing(
        f"{name}: reliability of the confidence",
        f"{total:g} questions in {len(points)} bins by confidence. On the diagonal, answers are right as "
        "often as the confidence says. Whiskers are 95% intervals.",
        _frame(axes, _QUARTERS, _QUARTERS, "confidence", "share right"),
        _diagonal(axes, "as often as it says"),
        *marks,
    )


def wilson(share: float, n: float) -> tuple[float, float]:
    """Return the 95% score interval of a share of `n` (Wilson 1927)."""
    if n <= 0:
        return 0.0, 1.0
    centre = share + _Z * _Z / (2 * n)
    spread = _Z * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
    scale = 1 + _Z * _Z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def _drawing(title: str, description: str, *parts: object) -> Html:
    return element(
        "svg",
        element("title", title),
        element("desc", description),
        *parts,
        class_="plot",
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_label=f"{title}. {description}",
    )


def _frame(axes: _Axes, xs: Sequence[float], ys: Sequence[float], across: str, up: str) -> Html:
    bottom = HEIGHT - _BOTTOM
    rows = [(axes.up(y), f"{y:.2f}".rstrip("0").rstrip(".")) for y in ys]
    columns = [(axes.across(x), f"{x:g}") for x in xs]
    return join(
        *(element("line", class_="grid", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y) for y, _ in rows),
        *(element("text", said, x=_LEFT - 8, y=y + 4, text_anchor="end") for y, said in rows),
        *(element("text", said, x=x, y=bottom + 18, text_anchor="middle") for x, said in columns),
        element("line", class_="axis", x1=_LEFT, x2=WIDTH - _RIGHT, y1=bottom, y2=bottom),
        element("text", up, class_="axis-name", x=0, y=12),
        element("text", across, class_="axis-name", x=WIDTH - _RIGHT, y=HEIGHT - 8, text_anchor="end"),
    )


def _diagonal(axes: _Axes, said: str) -> Html:
    """Draw the diagonal, and what it stands for in the lower right corner, where little else is."""
    at, y = WIDTH - _RIGHT - 108, axes.up(0.0) - 12
    return join(
        element("path", class_="diagonal", d=axes.path([(0.0, 0.0), (1.0, 1.0)])),
        element("path", class_="diagonal", d=f"M{at - 26:.1f} {y - 4:.1f}h20"),
        element("text", said, class_="hint", x=at, y=y),
    )


def _dot(axes: _Axes, x: float, y: float, radius: float, said: str) -> Html:
    return element("circle", element("title", said), class_="dot", cx=axes.across(x), cy=axes.up(y), r=radius)


def _label(axes: _Axes, before: tuple[float, float], at: tuple[float, float]) -> Html:
    """Label a point of a rising curve below it, and beside it where the curve comes up steeply."""
    (x, y), run = at, axes.across(at[0]) - axes.across(before[0])
    steep = axes.up(before[1]) - axes.up(y) > 0.6 * run
    anchor = "end" if x == axes.x[1] and run else "start" if steep or not run else "middle"
    place = axes.across(x) + (4 if steep and anchor == "start" else 0)
    low = axes.up(y) + (17 if axes.up(y) + 19 < HEIGHT - _BOTTOM else -9)
    return element("text", f"{y:.2f}", class_="number", x=place, y=low, text_anchor=anchor)


def _beside(axes: _Axes, x: float, y: float, said: str) -> Html:
    """Label a point of the refusal curve below it, to the side where there is room."""
    side, anchor = (-10.0, "end") if x > 0.55 else (10.0, "start")
    place = axes.up(y) + (20.0 if y > 0.15 else -12.0)
    return element("text", said, class_="number", x=axes.across(x) + side, y=place, text_anchor=anchor)
