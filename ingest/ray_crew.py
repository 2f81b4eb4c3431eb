"""The actors that embed: a batch goes to one that is there, and to another one when that is lost."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

RETRIES = 20
"""Times that a batch is begun again when the actor that had it was lost."""


@dataclass(slots=True, eq=False)
class _Batch:
    texts: Sequence[str]
    made: Future[Any] = field(default_factory=Future)
    lost: int = 0


class Crew:
    """Gives batches to actors that run; Ray starts those again that were lost, where there is room."""

    def __init__(self, actors: Sequence[Any]) -> None:
        """Take actors that were asked for; whether each has a place is not known yet."""
        self._lock = threading.Lock()
        self._able: list[Any] = []
        self._awaited = len(actors)
        self._error: BaseException | None = None
        self._in_hand: Counter[Any] = Counter()
        self._waiting: deque[_Batch] = deque()
        for actor in actors:
            self._await(actor)

    @property
    def waits(self) -> bool:
        """Whether there is a batch that no actor can take."""
        return bool(self._waiting)

    def embed(self, texts: Sequence[str]) -> Future[Any]:
        """Begin to embed, and return the future of the actor's reply, or of Ray's error."""
        batch = _Batch(texts)
        self._give(batch)
        return batch.made

    def _await(self, actor: Any) -> None:
        """Wait until an actor runs: its own first call comes back then, however often it was lost."""
        begun = actor.__ray_ready__.options(max_task_retries=-1).remote().future()
        begun.add_done_callback(lambda done: self._has_place(actor, done.exception()))

    def _has_place(self, actor: Any, error: BaseException | None) -> None:
        with self._lock:
            self._awaited -= 1
            if error is None:
                self._able.append(actor)
            else:
                self._error = error
            waiting, self._waiting = self._waiting, deque()
        for batch in waiting:
            self._give(batch)

    def _give(self, batch: _Batch) -> None:
        with self._lock:
            if not self._able and self._awaited:
                self._waiting.append(batch)
                return
            actor = min(self._able, key=self._in_hand.__getitem__, default=None)
            self._in_hand[actor] += 1
        if actor is None:
            batch.made.set_exception(self._error)
            return
        begun = actor.embed.remote(batch.texts).future()
        begun.add_done_callback(lambda done: self._back(actor, batch, done))

    def _back(self, actor: Any, batch: _Batch, done: Future[Any]) -> None:
        from ray.exceptions import RayActorError

        error = done.exception()
        lost = isinstance(error, RayActorError)
        with self._lock:
            self._in_hand[actor] -= 1
            if gone := lost and actor in self._able:
                self._able.remove(actor)
                self._awaited += 1
        if gone:
            self._await(actor)
        if lost and batch.lost < RETRIES:
            batch.lost += 1
            self._give(batch)
        elif error is not None:
            batch.made.set_exception(error)
        else:
            batch.made.set_result(done.result())
