"""Who is signed in: random tokens that browsers hold, of which only hashes are stored."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import LibraryInUse, StorageError
from rag.storage.tables import sessions

IDLE = timedelta(hours=12)
"""A session ends when nothing was asked for that long: a working day with its breaks, and no night more."""

LONGEST = timedelta(days=7)
"""A session ends this long after the sign-in whatever happens, so that a stolen one is of no use for long."""

STEP = timedelta(minutes=10)
"""The end of a session is moved at most this often, so that reading does not mean writing to the disk."""

MOST = 20
"""Sessions of one user; the oldest ends when one more begins."""

_BYTES = 32


class Sessions:
    """The sessions of a library. Safe for threads."""

    def __init__(self, catalog: Catalog, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Keep sessions in a catalogue; `now` is the clock, in UTC."""
        self._catalog = catalog
        self._now = now

    def begin(self, user: str) -> str:
        """Sign a user in, and return the token that the browser keeps; what has expired is forgotten.

        Raises:
            StorageError: the library may only be read, or the disk is full.
        """
        token, now = secrets.token_urlsafe(_BYTES), self._now()
        row = {"token": _hash(token), "user": user, "made_at": _iso(now), "expires_at": _iso(now + IDLE)}
        newest = (
            sa.select(sessions.c.token)
            .where(sessions.c.user == user)
            .order_by(sessions.c.expires_at.desc(), sessions.c.made_at.desc())
            .limit(MOST - 1)
        )
        with self._catalog.transaction(write=True) as connection:
            connection.execute(sessions.delete().where(sessions.c.expires_at <= _iso(now)))
            kept = connection.scalars(newest).all()
            connection.execute(
                sessions.delete().where(sessions.c.user == user, sessions.c.token.not_in(kept))
            )
            connection.execute(sessions.insert().values(row))
        return token

    def user_of(self, token: str) -> str | None:
        """Return who is signed in by this token; None where nobody is, or is no longer."""
        query = sa.select(sessions).where(sessions.c.token == _hash(token))
        with self._catalog.transaction(write=False) as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        now, ends = self._now(), datetime.fromisoformat(found.expires_at)
        if now >= ends:
            with suppress(LibraryInUse, StorageError):  # it has ended, whether its row is gone or not
                self.end(token)
            return None
        later = min(now + IDLE, datetime.fromisoformat(found.made_at) + LONGEST)
        if later - ends >= STEP:
            self._move(found.token, later)
        user: str = found.user
        return user

    def end(self, token: str) -> None:
        """Sign out; a token that nobody has does nothing.

        Raises:
            StorageError: the library may only be read, or the disk is full.
        """
        with self._catalog.transaction(write=True) as connection:
            connection.execute(sessions.delete().where(sessions.c.token == _hash(token)))

    def _move(self, key: str, ends: datetime) -> None:
        moved = sessions.update().where(sessions.c.token == key).values(expires_at=_iso(ends))
        with suppress(
            LibraryInUse, StorageError
        ):  # a full disk signs nobody out: the next request tries again
            with self._catalog.transaction(write=True) as connection:
                connection.execute(moved)


def _hash(token: str) -> str:
    """Return what is stored of a token; it is as random as the hash is long, so that no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _iso(moment: datetime) -> str:
    """Return a moment so that texts compare as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
