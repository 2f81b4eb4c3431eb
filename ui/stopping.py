"""A gentle end: the first SIGTERM or Ctrl-C asks for one, the second one has its usual effect."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Whether an end was asked for, and by which signal."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """What shells expect of a program that a signal ended: 143 for SIGTERM, 130 for Ctrl-C; else 0."""
        return 0 if self.signal is None else 128 + self.signal


@contextmanager
def gentle_stop() -> Iterator[Stop]:
    """Yield a `Stop` that turns true at the first signal. Call it in the main thread."""
    stop = Stop()
    usual = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in usual.items():
            signal.signal(number, handler)

    def ask(number: int, _frame: FrameType | None) -> None:
        stop.signal = number
        restore()

    for number in _SIGNALS:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        restore()
