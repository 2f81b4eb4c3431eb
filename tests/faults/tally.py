"""How much these tests break, and the count of it.

`make faults` runs them at length (FOOTNOTE_FAULTS=long); every other run takes a few of each kind.
"""

from __future__ import annotations

import os
from collections import Counter

LONG = os.environ.get("FOOTNOTE_FAULTS") == "long"
POINTS: dict[str, Counter[str]] = {}
TALLY: Counter[str] = Counter()

_FAULTS = ("lost", "twice", "half", "does not open")


def some(long: int, short: int) -> int:
    """Return how many of a kind this run takes."""
    return long if LONG else short


def count(kind: str, wrong: list[str]) -> list[str]:
    """Count one point of a kind and what went wrong there, and return the latter."""
    counted = POINTS.setdefault(kind, Counter())
    counted["points"] += 1
    counted.update({fault for fault in _FAULTS if any(line.startswith(fault) for line in wrong)})
    counted["otherwise wrong"] += any(not line.startswith(_FAULTS) for line in wrong)
    return wrong


def summary() -> list[str]:
    """Return a line for each kind of points, and one for each other figure."""
    columns = ("points", *_FAULTS, "otherwise wrong")
    lines = [
        f"{kind}: " + ", ".join(f"{counted[column]} {column}" for column in columns)
        for kind, counted in POINTS.items()
    ]
    return lines + [f"{what}: {number}" for what, number in TALLY.items()]
