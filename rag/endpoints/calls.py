"""Calls to the server of a model: so many at a time, tried again where that may help, stopped where not."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rag.endpoints.circuit import FAILURES, Circuit
from rag.errors import FootnoteError, ModelPaused, ModelUnavailable

T = TypeVar("T")

FIRST_S, LONGEST_S = 0.5, 8.0
"""Seconds before the second attempt, at most, and before any; each further wait is twice as long."""


class Calls:
    """Makes calls to one server. Safe for threads.

    An attempt that failed is followed by another if the error may pass, nothing of the answer has been used,
    and `retry_s` are not over. Between them is a random wait, so that those who failed together do not come
    again together, or the one that the server names.
    """

    def __init__(
        self,
        name: str,
        at_once: int,
        retry_s: float,
        translate: Callable[[BaseException], FootnoteError],
        *,
        circuit: Circuit | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make calls to the server of the model `name`.

        Args:
            name: how messages call the model.
            at_once: calls that are in flight at a time; others wait.
            retry_s: seconds from the first attempt in which another may begin.
            translate: makes an error of ours out of one that a call raises.
            circuit: stops calls while the server keeps failing.
            clock: tells seconds.
            sleep: waits for some.
        """
        self._name = name
        self._free = threading.Semaphore(at_once)
        self._retry_s = retry_s
        self._translate = translate
        self._circuit = circuit or Circuit(clock)
        self._clock = clock
        self._sleep = sleep

    def one(self, call: Callable[[], T]) -> T:
        """Return what a call returns.

        Raises:
            ModelPaused: the server has failed too often, and rests.
            FootnoteError: the call failed, as `translate` says.
        """
        [result] = self.each(lambda: (call(),))
        return result

    def each(self, call: Callable[[], Iterable[T]]) -> Iterator[T]:
        """Yield what a call yields; its place is taken until this is exhausted or closed.

        Raises:
            ModelPaused, FootnoteError: as `one` does. After the first item no other attempt is made.
        """
        until = self._clock() + self._retry_s
        wait = FIRST_S
        while True:
            begun = False
            try:
                with self._attempt() as heard:
                    for item in call():
                        if not begun:
                            heard()
                            begun = True
                        yield item
                return
            except FootnoteError as failure:
                pause = _pause(failure, wait)
                if isinstance(failure, ModelPaused) or begun or not failure.retryable:
                    raise
                if self._clock() + pause > until:
                    raise
            self._sleep(pause)
            wait = min(2 * wait, LONGEST_S)

    @contextmanager
    def _attempt(self) -> Iterator[Callable[[], None]]:
        """Hold a place for one attempt, whose end the circuit is told; yields what tells it of an answer."""
        with self._free:
            if rest := self._circuit.enter():
                raise ModelPaused(
                    f"{self._name} failed {FAILURES} times in a row and is left alone for now;"
                    f" ask again in {math.ceil(rest)} s",
                    again_s=rest,
                )
            try:
                yield self._circuit.succeeded
            except Exception as error:  # each client raises its own kinds: this is the border
                failure = self._translate(error)
                if failure.retryable:
                    self._circuit.failed()
                else:
                    self._circuit.succeeded()
                raise failure from error
            except BaseException:
                self._circuit.left()
                raise
            self._circuit.succeeded()


def _pause(failure: FootnoteError, wait: float) -> float:
    """Return the seconds before another attempt: those that the server named, else half of `wait` to all."""
    named = failure.again_s if isinstance(failure, ModelUnavailable) else None
    jitter = random.uniform(0.5, 1)  # noqa: S311 - no secret
    return wait * jitter if named is None else named + FIRST_S * (jitter - 0.5)
