"""Adds a folder on a Ray cluster, and says of each file what became of it, as soon as it is certain."""

from __future__ import annotations

import sys

import ingest.ray_engine
import ingest.ray_watch
from ingest import Outcome, add
from rag.errors import FootnoteError
from rag.settings_layers import load_settings

BATCH = 12
"""Passages at once, so that a kill meets many batches."""

TELL_S, AWAY_S = 1.0, 3.0


def tell(outcome: Outcome) -> None:
    sys.stdout.write(f"{outcome.kind} {outcome.path.name} {outcome.reason or ''}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    library, folder, address = sys.argv[1:]
    ingest.ray_engine.EMBED_AT_ONCE = ingest.ray_engine.EMBED_AT_MOST = BATCH
    ingest.ray_watch.TELL_S, ingest.ray_watch.AWAY_S = TELL_S, AWAY_S
    settings = load_settings({"engine": "ray", "ray_address": address, "library": library, "llm": "none"})
    try:
        add(library, folder, settings=settings, on_outcome=tell)
    except FootnoteError as error:
        sys.exit(f"{type(error).__name__}: {error}")
