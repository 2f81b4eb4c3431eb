"""Whether requests may be sent here: what a load balancer and a cluster ask before they do."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from rag.errors import FootnoteError

if TYPE_CHECKING:
    from ui.answers import Answers

PATIENCE_S = 2.0
"""Seconds that the catalogue may take before it counts as unreachable."""

_LOG = logging.getLogger(__name__)


class Readiness:
    """Whether a chat is ready: opened, with its catalogue in reach, and not told to end.

    A model that does not answer is told, but takes nobody out: the key quotes need none.
    """

    def __init__(self, opening: threading.Thread | None = None) -> None:
        """Count as opened once the thread `opening` has ended, whatever came of it."""
        self._opening = opening
        self._ends_at: float | None = None
        self._thread = ThreadPoolExecutor(1, "readiness")
        self._looking: Future[bool] | None = None

    def drain(self, seconds: float) -> bool:
        """Be not ready any more, and return whether to go on for so long; not the second time."""
        again, self._ends_at = self.draining, time.monotonic() + seconds
        return bool(seconds) and not again

    @property
    def draining(self) -> bool:
        """Whether the chat was told to end."""
        return self._ends_at is not None

    @property
    def drained(self) -> bool:
        """Whether the time that `drain` gave is over."""
        return self._ends_at is not None and time.monotonic() >= self._ends_at

    async def told(self, answers: Answers) -> tuple[bool, dict[str, str]]:
        """Return whether it is ready, and the words: a status, the catalogue's, and the model's."""
        reachable = await self._reachable(answers)
        status = self._status(reachable)
        catalogue = "reachable" if reachable else "unreachable"
        return status == "ready", {"status": status, "catalogue": catalogue, "model": answers.model_state}

    def _status(self, reachable: bool) -> str:
        if self.draining:
            return "draining"
        if self._opening is not None and self._opening.is_alive():
            return "opening"
        return "ready" if reachable else "unreachable"

    async def _reachable(self, answers: Answers) -> bool:
        """Ask the catalogue, in one thread: while it does not answer, it is not asked again."""
        if self._looking is None or self._looking.done():
            self._looking = self._thread.submit(_look, answers)
        done, _ = await asyncio.wait({asyncio.wrap_future(self._looking)}, timeout=PATIENCE_S)
        return bool(done) and self._looking.result()


def _look(answers: Answers) -> bool:
    try:
        answers.assistant.library.catalog.generation  # noqa: B018 - it is read from the catalogue
    except FootnoteError as error:
        _LOG.warning("not ready: %s", error)
        return False
    return True
