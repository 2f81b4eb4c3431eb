"""How long the stages of a question took."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

Stage = Literal["follow_up", "embed", "dense", "lexical", "fuse", "rank"]
"""What a question goes through up to its key quotes: it is completed from the conversation, embedded,
searched by vectors and by words, both are fused, and the sentences of the best passages are ranked."""


class Stopwatch:
    """Measures stages; one that is come back to is summed. Stages do not lie within each other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def during(self, stage: Stage) -> Iterator[None]:
        """Count the time of the block for a stage, however the block ends."""
        started = perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + perf_counter() - started
