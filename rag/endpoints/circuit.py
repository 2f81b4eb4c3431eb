"""A circuit before a server that may fail: once it keeps failing, it is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

FAILURES, WITHIN_S = 5, 60.0
"""Failures with no success between them, and the seconds in which they come, after which the server rests."""

REST_S = 15.0
"""Seconds that it rests; then one call tries it."""

TRIAL_S = 1.0
"""Seconds after which it is worth asking again what came of that call."""


class Circuit:
    """Tells whether a server may be called. Safe for threads.

    Each call that `enter` lets through ends with `succeeded`, `failed`, or `left` where nobody waited for it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin closed; `clock` tells seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: deque[float] = deque(maxlen=FAILURES)
        self._rests_until: float | None = None
        self._trying = False

    def enter(self) -> float:
        """Return 0 for a call that may be made, else the seconds after which to ask again."""
        with self._lock:
            if self._rests_until is None:
                return 0.0
            rest = self._rests_until - self._clock()
            if rest > 0:
                return rest
            if self._trying:
                return TRIAL_S
            self._trying = True
            return 0.0

    def succeeded(self) -> None:
        """Close the circuit: the server answers."""
        with self._lock:
            self._failures.clear()
            self._rests_until = None
            self._trying = False

    def failed(self) -> None:
        """Count a failure; a server that was tried after a rest, or has failed too often, rests."""
        with self._lock:
            now = self._clock()
            self._failures.append(now)
            often = len(self._failures) == FAILURES and now - self._failures[0] <= WITHIN_S
            if self._trying or (often and self._rests_until is None):
                self._rests_until = now + REST_S
            self._trying = False

    def left(self) -> None:
        """Let another call try the server."""
        with self._lock:
            self._trying = False
