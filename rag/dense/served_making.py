"""Makes an index on a Chroma server, brings it up to the catalogue, and looks whether it lost anything."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.dense.chroma_server import ChromaServer, ServedIndex
from rag.dense.index import REPAIR
from rag.dense.index_making import MAX_DELETED_SHARE
from rag.dense.index_records import Served, ServedRecords
from rag.dense.self_finding import lost
from rag.errors import IndexDamaged, IndexUnavailable
from rag.progress import Tick
from rag.storage.portable import among
from rag.storage.tables import passages

LEASE_S = 60.0
"""Seconds for which a process says that it makes an index; it says so again with every batch."""

GRACE_S = 2.0
"""Seconds for which an old collection stays: questions that began before the switch are asked of it."""

SAMPLE, MOST_LOST = 100, 0.01
"""Passages that are searched by their own vectors, and the share of them that a graph may miss."""

_AT_ONCE = 2000
"""Vectors read and stored between two looks at whether to go on."""

_log = logging.getLogger(__name__)


class Maker:
    """Writes collections. Several processes may do so at once: what they do twice does no harm."""

    def __init__(
        self, catalog: Catalog, records: ServedRecords, server: ChromaServer, stopping: threading.Event
    ) -> None:
        """Do nothing yet; making ends early once `stopping` is set."""
        self._catalog = catalog
        self._records = records
        self._server = server
        self._stopping = stopping

    def look(self, index: ServedIndex, state: Served, *, sample: bool) -> None:
        """Compare a collection with what it must hold: its mark, its count, and a sample of its passages.

        Raises:
            IndexDamaged: it has lost something.
            IndexUnavailable: the server does not answer.
        """
        if index.reaches() < state.sure:
            raise self._lost("is of an older disk")
        have = index.count()  # first: what goes meanwhile goes from the catalogue before it goes from here
        with self._catalog.transaction(write=False) as connection:
            later = sa.select(sa.func.count()).where(passages.c.n > state.sure)
            every = connection.scalar(sa.select(sa.func.count()).select_from(passages)) or 0
            want = every - (connection.scalar(later) or 0)
            drawn = _drawn(connection, state.sure, want) if sample else []
        if have < want:
            raise self._lost(f"holds {have} of {want} vectors")
        ids, matrix = self._catalog.vectors(drawn)
        missed = len(lost(index, ids, matrix))
        if missed > MOST_LOST * len(ids):
            raise self._lost(f"does not find {missed} of {len(ids)} passages by their own vectors")

    def bring_up(self, progress: Tick | None) -> None:
        """Bring the index up to the catalogue, or make it again beside the old one.

        Raises:
            IndexDamaged, IndexUnavailable: the server fails meanwhile.
        """
        try:
            if self.tended(sample=True) is not None:
                self._sweep()
                return
        except IndexDamaged as error:
            _log.warning("%s: it is made again beside the old one", error.what)
        self.make(progress)

    def keep_up(self) -> None:
        """Bring the index up to the catalogue, or make the first one; others are made again by `bring_up`.

        Raises:
            IndexDamaged, IndexUnavailable: it has lost something, or the server does not answer.
        """
        if self._records.read().collection:
            self.tended(sample=False)
        else:
            self.make(None)

    def tended(self, *, sample: bool) -> ServedIndex | None:
        """Return the collection, looked over and brought up to the catalogue.

        None where there is none yet, or so much was removed from it that it is to be made again.

        Raises:
            IndexDamaged, IndexUnavailable: it has lost something, or the server does not answer.
        """
        state = self._records.read()
        n_passages = self._catalog.n_passages
        if not state.collection:
            return None
        index = self._server.open(state.collection)
        self.look(index, state, sample=sample)
        frontier = self._records.frontier()
        new = self._catalog.passage_ids(after=state.sure)
        if new:
            self._fill(index, new, None, lambda: True)
            self._records.change(lambda now: _reached(index, now, frontier) if now == state else None)
        if state.removed(n_passages) > MAX_DELETED_SHARE * n_passages:
            return None
        self._drop_strangers(index)
        return index

    def make(self, progress: Tick | None) -> bool:
        """Fill a new collection, let it take the place of the old one, and remove what is left over.

        Returns:
            False where nothing was done, since another process makes one.

        Raises:
            IndexDamaged, IndexUnavailable: the server fails meanwhile; the old collection stays.
        """
        alone = self._records.alone
        begun = self._records.change(lambda now: _begin(now, alone=alone))
        if begun is None:
            _log.warning(
                "another process makes the index on %s: it answers when it is made", self._server.address
            )
            return False
        name, switched = begun.making, None
        try:
            n_passages, frontier = self._catalog.n_passages, self._records.frontier()
            index = self._server.create(name, n_passages)
            whole = self._fill(index, self._catalog.passage_ids(), progress, lambda: self._go_on(name))
            if whole:
                index.made()
                index.reach(frontier)
                made = Served(begun.owner, begun.place, name, frontier, n_passages, frontier)
                self.look(index, made, sample=True)
                switched = self._records.change(
                    lambda now: replace(made, version=now.version) if now.making == name else None
                )
        finally:
            if switched is None:
                self._records.change(lambda now: replace(now, making="") if now.making == name else None)
                with suppress(IndexUnavailable, IndexDamaged):
                    self._server.delete(name)
        if switched is not None:
            self._stopping.wait(GRACE_S)
            self._sweep()
        return True

    def remove(self, ids: Sequence[str]) -> None:
        """Remove passages that went from the catalogue; those that came back meanwhile are filled in again.

        Raises:
            IndexDamaged, IndexUnavailable: the server fails; they are passed over, and go later.
        """
        name = self._records.read().collection
        if not name:
            return
        self._server.open(name).remove(ids)
        if back := self._catalog.present(ids):
            with self._catalog.transaction(write=False) as connection:
                query = sa.select(sa.func.min(passages.c.n)).where(among(passages.c.id, back))
                first = connection.scalar(query) or 1
            self._records.change(lambda now: replace(now, sure=min(now.sure, first - 1)))

    def discard(self) -> None:
        """Remove every collection of the library, and forget them.

        Raises:
            IndexUnavailable: the server does not answer.
        """
        known = self._records.change(lambda now: Served(now.owner, now.place, version=now.version))
        if known is not None:
            self._sweep()

    def _fill(
        self, index: ServedIndex, ids: Sequence[str], progress: Tick | None, go_on: Callable[[], bool]
    ) -> bool:
        """Store the passages that it lacks, a few at a time; return whether it was not stopped."""
        for at in range(0, len(ids), _AT_ONCE):
            if not go_on():
                return False
            lacking = index.lacking(ids[at : at + _AT_ONCE])
            if lacking:
                index.add(*self._catalog.vectors(lacking))
            if progress:
                progress(min(at + _AT_ONCE, len(ids)), len(ids))
        return True

    def _go_on(self, name: str) -> bool:
        """Say again that this process makes the index; False where it may not, or is to stop."""
        until = time.time() + LEASE_S
        mine = self._records.change(lambda now: replace(now, until=until) if now.making == name else None)
        return mine is not None and not self._stopping.is_set()

    def _drop_strangers(self, index: ServedIndex) -> None:
        """Remove what a process left in the collection that was stopped before it removed it."""
        if index.count() <= self._catalog.n_passages:
            return
        held = index.ids()
        if strangers := held.difference(self._catalog.passage_ids()):
            self.remove(sorted(strangers))

    def _sweep(self) -> None:
        """Remove the library's collections that are not in use: the old one, and those left by a kill."""
        names = self._server.names(f"footnote-{self._records.read().owner}-")
        now = self._records.read()  # after the names: what another process makes since is not among them
        making = "" if now.until <= time.time() or self._records.alone else now.making
        for name in names:
            if name not in (now.collection, making):
                self._server.delete(name)

    def _lost(self, what: str) -> IndexDamaged:
        return IndexDamaged(f"the index on the Chroma server {self._server.address} {what}", advice=REPAIR)


def _drawn(connection: sa.Connection, sure: int, n_passages: int) -> list[str]:
    """Return the ids of some of the `n_passages` passages numbered up to `sure`, or of all."""
    query = sa.select(passages.c.id).where(passages.c.n <= sure).order_by(passages.c.n)
    if n_passages <= SAMPLE:
        return list(connection.scalars(query))
    numbers = (secrets.randbelow(sure) + 1 for _ in range(SAMPLE))
    drawn = (connection.scalar(query.where(passages.c.n >= number).limit(1)) for number in numbers)
    return sorted({each for each in drawn if each is not None})


def _reached(index: ServedIndex, now: Served, frontier: int) -> Served:
    """Note that a collection is filled up to a number; nobody else notes a lower one at the same time."""
    index.reach(frontier)
    return replace(now, sure=frontier)


def _begin(now: Served, *, alone: bool) -> Served | None:
    """Say that this process makes an index, unless another one says so that may still live."""
    if now.making and now.until > time.time() and not alone:
        return None
    name = f"footnote-{now.owner}-{secrets.token_hex(4)}"
    return replace(now, making=name, until=time.time() + LEASE_S)
