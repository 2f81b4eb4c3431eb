"""How many questions a key may ask: a token bucket each, in memory, filled again as time goes by."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Allowances:
    """The buckets of all keys. For one thread: the one of the server's loop.

    A full bucket holds the questions of a minute, so that they can come at once; from then on they come as
    fast as it fills. A new process begins with full ones.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Fill every bucket; `now` is the clock, in seconds."""
        self._now = now
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str, a_minute: int) -> float:
        """Take one question out of a key's bucket.

        Returns:
            0 where there was one, else the seconds until there is.
        """
        now, rate = self._now(), a_minute / 60
        bucket = self._buckets.setdefault(name, _Bucket(a_minute, now))
        bucket.tokens = min(float(a_minute), bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / rate
        bucket.tokens -= 1
        return 0.0
