"""Embedding that waits for a server that is away: a long run is not given up for a moment's failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from rag.errors import ModelUnavailable
from rag.models import Embedder
from rag.vectors import Matrix

PATIENCE_S = 120.0
"""Seconds that an embedder's server may be away before files are given up; what is committed stays."""

AGAIN_S = 5.0
"""Seconds after which it is tried again, where nothing says when."""


def embed_patiently(embedder: Embedder, texts: Sequence[str], given_up: threading.Event) -> Matrix:
    """Return the vectors of texts, if need be after a server has come back.

    Args:
        embedder: makes them.
        texts: what is embedded.
        given_up: once it is set, nothing is waited for.

    Raises:
        ModelUnavailable: the server is away for too long, or nobody waits any more.
        ModelError: it refuses, or what it answers is no vectors.
    """
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return embedder.embed(texts)
        except ModelUnavailable as away:
            again_s = AGAIN_S if away.again_s is None else away.again_s
            if time.monotonic() + again_s > until or given_up.wait(again_s):
                raise
