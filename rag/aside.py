"""Work in a thread of its own: a piece of it beside another, or a generator beside an event loop.

There is one way of a question, and it is written without `async`. Here it is put at the service of programs
that have a loop, so that nothing is written twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

T = TypeVar("T")
Owner = TypeVar("Owner")
P = ParamSpec("P")

_END: Any = object()


def beside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin `work` in a thread; what is returned waits for its end, and returns or raises what it does."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="footnote")
    begun = thread.submit(work)
    thread.shutdown(wait=False)
    return begun.result


class Aside:
    """Runs generators in threads, each in one of its own; `settle` waits for those that were cancelled."""

    def __init__(self) -> None:
        self._running: set[Future[Any]] = set()

    async def each(self, items: Generator[T, None, None]) -> AsyncGenerator[T, None]:
        """Yield what a generator yields; nothing is made before it is asked for.

        However the loop's side ends, the generator is closed. A task that is cancelled goes on at once: what
        the generator is at, a model's next word perhaps, ends in its thread, and nothing comes after it.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="footnote")
        context = copy_context()
        pulling = False
        try:
            while True:
                pulling = True
                item = await asyncio.wrap_future(self._submit(thread, context.run, next, items, _END))
                pulling = False
                if item is _END:
                    return
                yield item
        finally:
            closed = self._submit(thread, context.run, items.close)
            thread.shutdown(wait=False)
            if not pulling:
                await asyncio.wrap_future(closed)

    def settle(self) -> None:
        """Wait until no thread is at work; what a cancelled task left is at its next item then."""
        wait(tuple(self._running))

    def _submit(self, thread: ThreadPoolExecutor, function: Callable[..., Any], *args: Any) -> Future[Any]:
        future = thread.submit(function, *args)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future


def awaited(
    method: Callable[Concatenate[Owner, P], T],
) -> Callable[Concatenate[Owner, P], Coroutine[Any, Any, T]]:
    """Return a method as one to await, which does the same in a thread."""

    async def aside(self: Owner, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(method, self, *args, **kwargs)

    update_wrapper(aside, method)
    aside.__name__ = f"a{method.__name__}"
    aside.__doc__ = f"Do as `{method.__name__}` does, without blocking the event loop."
    return aside
