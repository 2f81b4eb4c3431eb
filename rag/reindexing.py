"""A library changes its embedder: the new vectors gather beside the old ones, which answer until the end."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.dense.index_records import forget
from rag.errors import LibraryInUse, StorageError
from rag.library import Library
from rag.maintenance.upkeep import drop_next_vectors
from rag.models import Embedder
from rag.progress import Tick
from rag.storage.rows import next_generation, put_meta
from rag.storage.tables import meta, next_vectors, passages, vectors
from rag.vectors import embedded_text

AT_ONCE = 256
"""Passages embedded between two transactions: what a kill costs at most."""

_NEXT = "next_embedder"
_log = logging.getLogger(__name__)


def reindex(
    library: Library, embedder: Embedder, *, again: bool = False, progress: Tick = lambda *_: None
) -> int:
    """Give every passage a vector of `embedder`, and then let these answer.

    What was embedded before a kill is not embedded again. Nothing is done where the library has the vectors
    of this embedder already, unless `again`.

    Args:
        library: nobody else may write to it meanwhile; reading goes on.
        embedder: makes the vectors.
        again: make all vectors anew.
        progress: called with the passages done, and all of them.

    Returns:
        How many passages were embedded.

    Raises:
        LibraryInUse: another process holds the library.
        StorageError: there is no space; the old vectors go on answering.
        ModelError: the embedder is not to be had.
    """
    library.lock("footnote reindex")
    catalog = library.catalog
    with catalog.alone("footnote reindex"):
        begun = catalog.get_meta(_NEXT) == embedder.fingerprint
        same = catalog.get_meta("embedder") == embedder.fingerprint
        if same and not again and not begun and not _lacks_vectors(catalog):
            return 0
        if not begun:
            drop_next_vectors(catalog)
            catalog.set_meta({_NEXT: embedder.fingerprint})
        made = _embed(catalog, embedder, progress)
        library.close_index()
        _switch(catalog, embedder.fingerprint)
    catalog.expect(embedder.fingerprint)
    if catalog.shared:  # there the room is used again, and writing the tables anew would keep all others out
        return made
    try:
        catalog.compact()
    except (LibraryInUse, StorageError) as error:
        _log.warning("the new vectors answer; the room of the old ones is not given back yet: %s", error)
    return made


def _lacks_vectors(catalog: Catalog) -> bool:
    missing = sa.select(passages.c.n).where(passages.c.n.not_in(sa.select(vectors.c.n))).limit(1)
    with catalog.transaction(write=False) as connection:
        return connection.execute(missing).first() is not None


def _embed(catalog: Catalog, embedder: Embedder, progress: Tick) -> int:
    """Embed the passages that lack a next vector, some at a time."""
    with catalog.transaction(write=False) as connection:
        total = connection.scalar(sa.select(sa.func.count()).select_from(passages)) or 0
        there = connection.scalar(sa.select(sa.func.count()).select_from(next_vectors)) or 0
    made = 0
    progress(there, total)
    while waiting := _waiting(catalog):
        found = embedder.embed([embedded_text(context, text) for _, context, text in waiting])
        with catalog.transaction(write=True) as connection:
            connection.execute(
                next_vectors.insert(),
                [{"n": n, "vector": v.tobytes()} for (n, *_), v in zip(waiting, found, strict=True)],
            )
        made += len(waiting)
        progress(there + made, total)
    return made


def _waiting(catalog: Catalog) -> list[tuple[int, str, str]]:
    """Return number, context and text of the next passages to embed."""
    query = (
        sa.select(passages.c.n, passages.c.context, passages.c.text)
        .outerjoin(next_vectors, next_vectors.c.n == passages.c.n)
        .where(next_vectors.c.n.is_(None))
        .order_by(passages.c.n)
        .limit(AT_ONCE)
    )
    with catalog.transaction(write=False) as connection:
        return [(row.n, row.context, row.text) for row in connection.execute(query)]


def _switch(catalog: Catalog, fingerprint: str) -> None:
    """Let the new vectors answer; the dense index, made from the old ones, is made again when opened."""
    with catalog.transaction(write=True) as connection:
        connection.execute(vectors.delete())
        connection.execute(
            vectors.insert().from_select(
                ["n", "id", "vector"],
                sa.select(passages.c.n, passages.c.id, next_vectors.c.vector).join(
                    next_vectors, next_vectors.c.n == passages.c.n
                ),
            )
        )
        connection.execute(next_vectors.delete())
        connection.execute(meta.delete().where(meta.c.key == _NEXT))
        forget(connection)
        put_meta(connection, {"embedder": fingerprint})
        next_generation(connection)
