"""Folders that are watched: says when they have changed and settled, and when one goes away or comes back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal

from watchfiles import watch

News = Literal["look", "gone", "back"]

QUIET_MS = 1000
"""A folder has settled when nothing happens in it for this long."""

MAX_UNSETTLED_S = 30.0
"""A folder that never settles is looked at after this long all the same."""

LOOK_AGAIN_S = 300.0
"""A quiet folder is looked at this often: not every disk tells of its changes."""

_MISSING_S = 1.0


def changes(
    folders: Sequence[Path],
    stop: threading.Event,
    *,
    without: Path | None = None,
    quiet_ms: int = QUIET_MS,
    look_again_s: float = LOOK_AGAIN_S,
) -> Iterator[News]:
    """Yield ``look`` at first and whenever the folders have changed and settled, until `stop` is set.

    ``gone`` is told when one of the folders is not there any more, and ``back`` when all are there again; a
    ``look`` follows. Nothing that changes while the caller is at work is missed.

    Args:
        folders: what to watch, to the ends.
        stop: ends the watching.
        without: changes below this folder count for nothing: the library's own.
        quiet_ms: how long nothing may happen before a folder has settled.
        look_again_s: after how long a quiet folder is looked at all the same.
    """
    while not stop.is_set():
        before = _identities(folders)
        if None in before:
            yield "gone"
            while None in _identities(folders) and not stop.wait(_MISSING_S):
                pass
            if not stop.is_set():
                yield "back"
            continue
        news = _watched(folders, before, stop, without, quiet_ms, look_again_s)
        with closing(news), suppress(FileNotFoundError):  # a folder that goes at this moment is told as gone
            yield from news


def _watched(
    folders: Sequence[Path],
    before: list[tuple[int, int] | None],
    stop: threading.Event,
    without: Path | None,
    quiet_ms: int,
    look_again_s: float,
) -> Generator[News, None, None]:
    """Yield ``look`` until one of the folders is another than `before`."""
    looked, first_change = 0.0, 0.0  # the first time that nothing happens, the watch is on: look then
    news = watch(
        *folders,
        watch_filter=lambda _, path: without is None or not Path(path).is_relative_to(without),
        debounce=quiet_ms,
        step=min(200, quiet_ms),
        rust_timeout=quiet_ms,
        yield_on_timeout=True,
        stop_event=stop,
        ignore_permission_denied=True,
    )
    for changed in news:  # closed with this generator, which alone holds it
        if _identities(folders) != before:
            return
        now = time.monotonic()
        if changed:
            first_change = first_change or now
        unsettled = first_change and now - first_change > MAX_UNSETTLED_S
        if unsettled or (not changed and (first_change or now - looked > look_again_s or not looked)):
            looked, first_change = now, 0.0
            yield "look"


def _identities(folders: Sequence[Path]) -> list[tuple[int, int] | None]:
    """Return which folder is at each place; None where there is none."""
    return [_identity(folder) for folder in folders]


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        facts = os.stat(folder)
    except OSError:
        return None
    return (facts.st_dev, facts.st_ino) if folder.is_dir() else None
