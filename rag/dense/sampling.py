"""A sample of a library's passages in which every document has its share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.storage.portable import among
from rag.storage.tables import passages


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage stands; offsets are into the document's text."""

    passage_id: str
    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Some passages, document by document in the order of the text; `total` is how many there are in all."""

    places: tuple[Place, ...]
    total: int


def sample(catalog: Catalog, document_ids: Collection[str], most: int) -> Sample:
    """Return passages of these documents: all, or `most` of them, taken evenly.

    Small documents are kept whole before large ones get more; of one that is not whole, every so-many-th
    passage is taken.
    """
    here = passages.c
    query = (
        sa.select(here.id, here.document_id, here.start, here.end)
        .where(among(here.document_id, document_ids))
        .order_by(here.document_id, here.start, here.n)
    )
    by_document: dict[str, list[Place]] = {}
    with catalog.transaction(write=False) as connection:
        for row in connection.execute(query):
            by_document.setdefault(row.document_id, []).append(Place(*row))
    counts = {identity: len(found) for identity, found in by_document.items()}
    given = shares(counts, most)
    places = [
        found[i * len(found) // given[identity]]
        for identity, found in by_document.items()
        for i in range(given[identity])
    ]
    return Sample(tuple(places), sum(counts.values()))


def shares(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """Return how many of each to take so that at most `most` are taken in all, as evenly as can be."""
    given: dict[str, int] = {}
    left = most
    for n, identity in enumerate(sorted(counts, key=lambda each: (counts[each], each))):
        given[identity] = min(counts[identity], left // (len(counts) - n))
        left -= given[identity]
    return given
