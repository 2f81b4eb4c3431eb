"""How many questions a key may ask: a token bucket each, filled again as time goes by."""

from __future__ import annotations

from contextlib import suppress

from rag.errors import LibraryInUse, StorageError
from rag.people.limits import Limits


class Allowances:
    """The buckets of all keys, which every process of a library takes from. Safe for threads.

    A full bucket holds the questions of a minute, so that they can come at once; from then on they come as
    fast as it fills.
    """

    def __init__(self, limits: Limits) -> None:
        """Keep the buckets among these; of an unknown key it is full."""
        self._limits = limits

    def take(self, name: str, a_minute: int) -> float:
        """Take one question out of a key's bucket.

        Returns:
            0 where there was one, else the seconds until there is.
        """
        key = f"key {name}"
        with suppress(LibraryInUse, StorageError):  # a full disk keeps nobody from asking
            with self._limits.changing(key) as counts:
                tokens, at = counts.of[key] or (float(a_minute), counts.now)
                tokens, seconds = taken(tokens, counts.now - at, a_minute)
                counts.of[key] = [tokens, counts.now]
            return seconds
        return 0.0


def taken(tokens: float, passed: float, a_minute: int) -> tuple[float, float]:
    """Return what a bucket holds after one more question, and the seconds until there is one (pure).

    Args:
        tokens: what it held.
        passed: seconds since then; a clock that was set back lets none pass.
        a_minute: how much it can hold, and how much it is filled with in a minute.
    """
    rate = a_minute / 60
    now = min(float(a_minute), tokens + max(0.0, passed) * rate)
    return (now - 1, 0.0) if now >= 1 else (now, (1 - now) / rate)
