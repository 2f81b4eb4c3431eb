"""Lets a few answers at a time to the model, as they come, and tells the others their place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_S = 0.25
"""Seconds between two looks at whether who waits still wants to."""


class Turnstile:
    """A queue before the model. Safe for threads."""

    def __init__(self, abreast: int) -> None:
        """Let `abreast` through at a time."""
        self._abreast = abreast
        self._queue: list[object] = []
        self._moved = threading.Condition()

    @property
    def passing(self) -> int:
        """How many are let through at the moment."""
        return min(len(self._queue), self._abreast)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return max(0, len(self._queue) - self._abreast)

    @contextmanager
    def passed(self, wanted: Callable[[], bool], on_place: Callable[[int], None]) -> Iterator[bool]:
        """Wait for a place, hold it inside of the block, and give it back.

        Args:
            wanted: asked now and then; once it is False, the block is entered at once, with False.
            on_place: called with the number of answers before this one whenever it changes, at last with 0.
        """
        me = object()
        with self._moved:
            self._queue.append(me)
        try:
            yield self._waited(me, wanted, on_place)
        finally:
            with self._moved:
                self._queue.remove(me)
                self._moved.notify_all()

    def _waited(self, me: object, wanted: Callable[[], bool], on_place: Callable[[int], None]) -> bool:
        told = 0
        while wanted():
            with self._moved:
                before = max(0, self._queue.index(me) - self._abreast + 1)
                if before == told != 0:
                    self._moved.wait(PATIENCE_S)
                    continue
            if before != told:
                on_place(before)
                told = before
            if not before:
                return True
        return False
