"""Whether a Ray cluster does anything for a run, and what to tell where it does not."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Any

from ingest.limits import Limits
from ingest.ray_cluster import Connection
from rag.errors import ClusterError

HALF_A_CORE = 0.5
"""What reading a file asks for: Ray counts, and limits nothing."""

A_PLACE = 0.01
"""What an actor asks for: so it is on a node with a processor, and keeps nobody from reading there. If actors
took half a core, too, those of lost nodes could fill the nodes that are left."""

TELL_S = 5.0
"""Seconds in which nothing comes back before anything is asked; the first worker takes some to start."""

ADVISE_S = 60.0
"""Seconds of waiting after which it is said what to do."""

GIVE_UP_S = 1800.0
"""Seconds of waiting after which a run ends: a person may not see that it waits."""

AWAY_S = 30.0
"""Seconds that the head may be away. After 60, Ray ends the process that it is in, and says nothing."""

START_S = 15.0
"""Seconds in which a worker that has a place is at work, on a busy machine."""


class Watch:
    """Hears what comes back from a cluster, and knows why nothing does."""

    def __init__(self, connection: Connection, limits: Limits, n_cores: int) -> None:
        """Look at how much room there is before anything is asked for.

        Args:
            connection: to the cluster.
            limits: how long reading a file may take: if nothing comes back for longer, nothing is being read.
            n_cores: processors of the cluster.
        """
        self._connection = connection
        self._longest_s = float("inf") if limits.ocr else limits.load_timeout_s + START_S
        self._n_cores = n_cores
        self._reading: set[Future[Any]] = set()
        self._heard = time.monotonic()
        self._held: float | None = None
        self._away: float | None = None
        self._in_doubt = not self._has_room("CPU", HALF_A_CORE)

    def reading(self, begun: Future[Any]) -> None:
        """Hear of a file that is given to the cluster."""
        self._reading.add(begun)
        begun.add_done_callback(self._hear)

    def embedding(self, begun: Future[Any]) -> None:
        """Hear of a batch that is given to the cluster."""
        begun.add_done_callback(self._hear)

    def held_up(self, *, no_actor: bool) -> str | None:
        """Return what the run waits for, in words; None where something may be at work for it.

        Args:
            no_actor: whether there are passages to embed, and no actor has a place.

        Raises:
            ClusterError: it has waited long enough.
        """
        now = time.monotonic()
        why = None if now - self._heard < TELL_S else self._why(now, no_actor)
        if why is None:
            self._held = None
            return None
        self._held = self._held or now
        if now - self._held > GIVE_UP_S:
            raise ClusterError(
                f"{self._connection.place} did nothing for {GIVE_UP_S / 60:.0f} minutes: waiting for {why}; "
                "what was added stays: run the same command again when there is room"
            )
        if now - self._held > ADVISE_S:
            why += (
                "; end other work there or add a node by 'ray start', or press Ctrl-C: what was added stays"
            )
        return why

    def _why(self, now: float, no_actor: bool) -> str | None:
        if not self._connection.head_answers():
            return self._without_head(now)
        self._away = None
        if no_actor and not self._has_room("GPU", 1) and self._connection.ray.cluster_resources().get("GPU"):
            return f"a GPU of {self._connection.place}: all are taken"
        late = now - self._heard > self._longest_s
        if no_actor:
            full = not self._has_room("CPU", A_PLACE)
        elif self._reading and (late or self._in_doubt):
            full = not self._has_room("CPU", HALF_A_CORE)
        else:
            return None
        if full:
            return f"room on {self._connection.place}: all of its {self._n_cores} cores are taken"
        return f"{self._connection.place}, from which nothing comes back" if late else None

    def _without_head(self, now: float) -> str:
        place = self._connection.place
        self._away = self._away or now
        if now - self._away > AWAY_S:
            raise ClusterError(
                f"the head of {place} is gone: nothing has answered there for {AWAY_S:.0f} s; "
                "what was added stays: start it again, then run the same command"
            )
        return f"the head of {place}, which does not answer"

    def _has_room(self, kind: str, share: float) -> bool:
        return bool(self._connection.ray.available_resources().get(kind, 0) >= share)

    def _hear(self, done: Future[Any]) -> None:
        self._reading.discard(done)
        self._heard = time.monotonic()
        self._in_doubt = False
