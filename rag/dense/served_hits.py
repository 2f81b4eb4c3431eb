"""What a collection on a server finds, put right by the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rag.catalog import Catalog
from rag.dense.chroma_server import ServedIndex
from rag.dense.index import Hits
from rag.dense.without_index import Gap
from rag.vectors import Matrix

_WIDER = 4
"""Times more that the index is asked for, while too few of what it finds are in the catalogue."""


@dataclass(frozen=True, slots=True)
class Held:
    """A collection that was looked over, and the passage number up to which it is sure to be filled."""

    index: ServedIndex
    sure: int


def nearest(
    catalog: Catalog, gap: Gap, held: Held, begun: Callable[[], Hits], vector: Matrix, k: int
) -> Hits:
    """Return the `k` nearest passages as (id, cosine), best first; `begun` waits for the index's first `k`.

    Those that the catalogue does not have any more are passed over, and those above `held.sure` compared one
    by one.

    Raises:
        IndexDamaged, IndexUnavailable: the server fails.
    """
    asked, hits = k, begun()
    while True:
        there = catalog.present([passage_id for passage_id, _ in hits])
        kept = [hit for hit in hits if hit[0] in there]
        if len(kept) >= k or len(hits) < asked:
            break
        asked *= _WIDER
        hits = held.index.search(vector, asked)
    near = dict(kept) | dict(gap.search(held.sure, vector, k))
    return sorted(near.items(), key=lambda hit: -hit[1])[:k]
