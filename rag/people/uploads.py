"""The files on their way into a library, as rows: whoever reads the catalogue knows of each what it is at.

An upload goes from ``coming`` to ``waiting`` when all of it was received, and from there over ``reading``,
``embedding`` and ``storing`` to ``done``, ``unchanged`` or ``failed``. Until it is ``storing`` it can be
``cancelled``. One that is in hand belongs to a process; what a process that is gone has in hand waits again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from rag.people.presence import is_gone
from rag.storage.passing import Transactions
from rag.storage.portable import alone
from rag.storage.tables import uploads

State = Literal["waiting", "reading", "embedding", "storing", "done", "unchanged", "failed", "cancelled"]

IN_HAND: frozenset[State] = frozenset(("reading", "embedding", "storing"))
ALIVE: frozenset[State] = IN_HAND | {"waiting"}

_COMING = "coming"
_MANY = 1000
_ORDER = (uploads.c.n, uploads.c.id)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file.

    Attributes:
        id: its name.
        owner: whose it is; empty where nobody signs in.
        name: its path as its owner knows it.
        size: how many bytes it has.
        collection: id of the collection that it goes into; empty for none.
        state: see the module.
        n_passages: of one that is done.
        note: why one failed, or what is to be known of one that is done.
    """

    id: str
    owner: str
    name: str
    size: int = 0
    collection: str = ""
    state: State = "waiting"
    n_passages: int = 0
    note: str = ""


class Uploads:
    """The uploads of everybody, worked at by several processes. Each call is one transaction."""

    def __init__(self, rows: Transactions, process: str = "") -> None:
        """Keep them in these rows; `process` is the name of this one among those that work at them."""
        self._rows = rows
        self._process = process

    def of(self, owner: str | None = None) -> list[Upload]:
        """Return an owner's uploads, or those of all, in their order, without those that are still coming."""
        query = sa.select(uploads).where(uploads.c.state != _COMING).order_by(*_ORDER)
        if owner is not None:
            query = query.where(uploads.c.owner == owner)
        with self._rows.transaction(write=False) as connection:
            return [_upload(row) for row in connection.execute(query)]

    def get(self, upload_id: str) -> Upload | None:
        """Return one upload."""
        with self._rows.transaction(write=False) as connection:
            return _found(connection, upload_id)

    def expect(self, upload_id: str) -> None:
        """Say that a file is coming to this process; nobody sees it yet."""
        with self._rows.transaction(write=True) as connection:
            _append(connection, Upload(upload_id, "", ""), state=_COMING, process=self._process)

    def add(self, upload: Upload) -> None:
        """Put an upload at the end, unless it is there."""
        with self._rows.transaction(write=True) as connection:
            if _found(connection, upload.id) is None:
                connection.execute(uploads.delete().where(uploads.c.id == upload.id))  # was coming
                _append(connection, upload)

    def change(self, upload_id: str, states: Collection[State], *, own: bool = False, **values: Any) -> bool:
        """Change an upload if it is in one of these states, and with `own` in this process's hands.

        Returns:
            Whether it was changed.
        """
        here = (uploads.c.id == upload_id) & uploads.c.state.in_(states)
        if own:
            here &= uploads.c.process == self._process
        with self._rows.transaction(write=True) as connection:
            return bool(connection.execute(uploads.update().where(here).values(**values)).rowcount)

    def again(self, upload_id: str) -> bool:
        """Let a failed upload wait at the end; return whether it had failed."""
        with self._rows.transaction(write=True) as connection:
            here = (uploads.c.id == upload_id) & (uploads.c.state == "failed")
            values = {"state": "waiting", "note": "", "process": "", "n": _last(connection)}
            return bool(connection.execute(uploads.update().where(here).values(values)).rowcount)

    def drop(self, upload_ids: Iterable[str]) -> None:
        """Forget uploads."""
        with self._rows.transaction(write=True) as connection:
            connection.execute(uploads.delete().where(uploads.c.id.in_(list(upload_ids))))

    def beyond(self, owner: str, n: int) -> list[Upload]:
        """Return the finished uploads of an owner but for the newest `n`."""
        finished = (uploads.c.owner == owner) & uploads.c.state.not_in([*ALIVE, _COMING])
        newest = (uploads.c.n.desc(), uploads.c.id.desc())
        query = sa.select(uploads).where(finished).order_by(*newest).limit(_MANY).offset(n)
        with self._rows.transaction(write=False) as connection:
            return [_upload(row) for row in connection.execute(query)]

    # -- for the one who works ---------------------------------------------------------------------------

    def next(self) -> Upload | None:
        """Return the first upload that waits and whose file is in nobody's hands."""
        with self._rows.transaction(write=False) as connection:
            return _next(connection)

    def take(self) -> Upload | None:
        """Take the next one in hand, which is read from now on; None if none can be read now.

        What this process was reading waits for its vectors from now on.
        """
        with self._rows.transaction(write=True) as connection:
            alone(connection, "uploads")
            connection.execute(self._own("reading").values(state="embedding"))
            while (found := _next(connection)) is not None:
                still = (uploads.c.id == found.id) & (uploads.c.state == "waiting")
                taken = {"state": "reading", "note": "", "process": self._process}
                if connection.execute(uploads.update().where(still).values(taken)).rowcount:
                    return replace(found, state="reading", note="")
            return None

    def release(self, note: str = "") -> None:
        """Let what this process has in hand wait again, the first of all that wait with a note on why."""
        with self._rows.transaction(write=True) as connection:
            alone(connection, "uploads")
            connection.execute(self._own(*IN_HAND).values(state="waiting", process=""))
            if note and (first := _next(connection)) is not None:
                connection.execute(uploads.update().where(uploads.c.id == first.id).values(note=note))

    def recover(self) -> list[str]:
        """Let what processes that are gone had in hand wait again.

        Returns:
            The ids of those that were still coming: nobody sends the rest, and they are forgotten.
        """
        lost = is_gone(uploads.c.process)
        with self._rows.transaction(write=True) as connection:
            alone(connection, "uploads")
            left = lost & uploads.c.state.in_(IN_HAND)
            connection.execute(uploads.update().where(left).values(state="waiting", process=""))
            cut_off = lost & (uploads.c.state == _COMING)
            gone = list(connection.scalars(sa.select(uploads.c.id).where(cut_off)))
            connection.execute(uploads.delete().where(uploads.c.id.in_(gone)))
            return gone

    def _own(self, *states: State) -> sa.Update:
        return uploads.update().where(uploads.c.process == self._process, uploads.c.state.in_(states))


def _next(connection: sa.Connection) -> Upload | None:
    other = uploads.alias()
    busy = sa.exists().where(
        other.c.owner == uploads.c.owner, other.c.name == uploads.c.name, other.c.state.in_(IN_HAND)
    )
    query = sa.select(uploads).where(uploads.c.state == "waiting", ~busy).order_by(*_ORDER).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _upload(row)


def _append(connection: sa.Connection, upload: Upload, **values: str) -> None:
    row = asdict(upload) | {"n": _last(connection), "process": ""} | values
    connection.execute(uploads.insert().values(row))


def _last(connection: sa.Connection) -> int:
    """Return a number behind all others; two at the same moment may have the same one."""
    return (connection.scalar(sa.select(sa.func.max(uploads.c.n))) or 0) + 1


def _found(connection: sa.Connection, upload_id: str) -> Upload | None:
    here = (uploads.c.id == upload_id) & (uploads.c.state != _COMING)
    row = connection.execute(sa.select(uploads).where(here)).first()
    return None if row is None else _upload(row)


def _upload(row: Any) -> Upload:
    return Upload(row.id, row.owner, row.name, row.size, row.collection, row.state, row.n_passages, row.note)
