"""Values that a thread makes, for coroutines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing
from typing import Generic, TypeVar

_T = TypeVar("_T")


async def from_thread(
    make: Callable[[], Generator[_T]], left: threading.Event, tick_s: float
) -> AsyncGenerator[_T | None]:
    """Yield what a generator in a thread of its own yields, and None after each `tick_s` without news.

    What it raises is raised here. Once this is closed `left` is set, and the generator is asked for no more
    than one value, then closed.
    """
    post = _Post[_T](asyncio.get_running_loop(), left)
    threading.Thread(target=_run, args=(make, post), name="answer", daemon=True).start()
    try:
        while True:
            try:
                value, end = await asyncio.wait_for(post.box.get(), tick_s)
            except TimeoutError:
                yield None
                continue
            if isinstance(end, BaseException):
                raise end
            if end:
                return
            yield value
    finally:
        left.set()


class _Post(Generic[_T]):
    """Takes values from a thread to a loop: each with whether it is the end, or the error that is."""

    def __init__(self, loop: asyncio.AbstractEventLoop, left: threading.Event) -> None:
        self.box: asyncio.Queue[tuple[_T | None, bool | BaseException]] = asyncio.Queue()
        self.left = left
        self._loop = loop

    def send(self, value: _T | None, end: bool | BaseException = False) -> None:
        try:
            self._loop.call_soon_threadsafe(self.box.put_nowait, (value, end))
        except RuntimeError:  # the loop has ended
            self.left.set()


def _run(make: Callable[[], Generator[_T]], post: _Post[_T]) -> None:
    try:
        with closing(make()) as values:
            for value in values:
                post.send(value)
                if post.left.is_set():
                    break
        post.send(None, True)
    except BaseException as error:  # noqa: BLE001 - the border of a thread: raised where it is waited for
        post.send(None, error)
