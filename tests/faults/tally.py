"""How much these tests break, and the count of it.

`make faults` runs them at length (FOOTNOTE_FAULTS=long); every other run takes a few of each kind.
"""

from __future__ import annotations

import os
from collections import Counter

LONG = os.environ.get("FOOTNOTE_FAULTS") == "long"
TALLY: Counter[str] = Counter()


def some(long: int, short: int) -> int:
    """Return how many of a kind this run takes."""
    return long if LONG else short


def count(kind: str, wrong: list[str]) -> list[str]:
    """Count one point of a kind and what went wrong there, and return the latter."""
    TALLY[f"{kind}: points"] += 1
    for each in ("lost", "twice", "half"):
        TALLY[f"{kind}: {each}"] += any(line.startswith(each) for line in wrong)
    TALLY[f"{kind}: otherwise wrong"] += any(not line.startswith(("lost", "twice", "half")) for line in wrong)
    return wrong
