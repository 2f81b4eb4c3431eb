"""What a node of a cluster does of an ingest: reads and cuts files, and embeds. It knows of no library.

A node is told all that it needs: it looks neither at its environment nor at a settings file, and is told no
key, password or address that it does not need.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Event
from typing import Any

from ingest.entry import Entry, cut
from ingest.limits import Limits
from ingest.outcomes import Step, timed
from ingest.patience import embed_patiently
from ingest.worker import Worker
from rag.errors import ClusterError, LoadError
from rag.models import Embedder, make_embedder
from rag.settings import DEFAULTS, Settings, default_cache
from rag.text.naming import absolute
from rag.vectors import Matrix

_TOLD = ("offline", "retry_s")

_NEVER = Event()

Times = list[tuple[Step, float]]
"""Steps and the seconds that they took."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a node is told.

    Attributes:
        settings: those that name the embedder, and no others.
        own_models: whether model files are in the node's own default folder; else in that of the settings.
        fingerprint: the embedder that the library is made with.
        limits: how far reading one file goes.
    """

    settings: Settings
    own_models: bool
    fingerprint: str
    limits: Limits

    @classmethod
    def of(cls, settings: Settings, fingerprint: str, limits: Limits) -> Order:
        """Return what a node needs of the settings of a command."""
        told: dict[str, Any] = {"models": absolute(settings.models)}
        for name in type(settings).model_fields:
            if name in _TOLD or name.startswith("embed"):
                told[name] = getattr(settings, name)
        return cls(Settings(**told), settings.origin("models") == DEFAULTS, fingerprint, limits)


def read(order: Order, path: Path, data: bytes, digest: str) -> tuple[Entry | LoadError, Times]:
    """Return what is stored of a file, or why it cannot be read, and what took how long."""
    times: Times = []

    def tell(step: Step, seconds: float) -> None:
        times.append((step, seconds))

    try:
        with timed("parse", tell):
            text = _worker(order.limits).load(path, data)
        tokenize = _embedder(order).token_offsets
        with timed("chunk", tell):
            return cut(path, digest, text, tokenize), times
    except LoadError as error:
        return error, times


class Embedding:
    """Makes vectors on a node; the model's files are found there by their hashes, or fetched."""

    def __init__(self, order: Order, *, on_gpu: bool = False) -> None:
        """Load nothing yet: who waits for a place is told once there is one."""
        self._order = order
        self._device = "cuda" if on_gpu else "cpu"

    def embed(self, texts: Sequence[str]) -> tuple[Matrix, Times]:
        """Return a unit vector for each text, and what took how long."""
        times: Times = []
        embedder = _embedder(self._order, self._device)
        with timed("embed", lambda step, seconds: times.append((step, seconds))):
            vectors = embed_patiently(embedder, texts, _NEVER)
        return vectors, times


@lru_cache(1)
def _worker(limits: Limits) -> Worker:
    return Worker(limits)


@lru_cache(1)
def _embedder(order: Order, device: str = "cpu") -> Embedder:
    settings = order.settings
    if order.own_models:
        settings = settings.model_copy(update={"models": default_cache()})
    made = make_embedder(settings, device=device)
    if made.fingerprint != order.fingerprint:
        raise ClusterError(
            f"the node {os.uname().nodename} has the embedder {made.fingerprint}, not {order.fingerprint}: "
            "install the same Footnote and the same model on all nodes"
        )
    return made
