"""Signing in and out: users, sessions and the lockout together, without holding up the server's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from rag.errors import FootnoteError, SettingsError
from rag.library import Library
from rag.people.limits import Limits
from rag.people.sessions import Sessions
from rag.people.users import Users
from ui.lockout import Lockout, address_key, name_key

AT_ONCE = 2
"""Passwords that are verified at the same time: each takes 64 MiB and a tenth of a second of all cores."""

WAITING = 20
"""Passwords that may wait for it; who comes then is asked to come again."""

LOOKING = 4
"""Sessions that are looked up at the same time."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Refused:
    """A sign-in that was not even tried: `seconds` is how long to wait."""

    seconds: float
    busy: bool = False


class SignIns:
    """Who may come in. Its coroutines belong to one loop; the work is done in threads of its own."""

    def __init__(self, users: Users, sessions: Sessions, lockout: Lockout) -> None:
        """Use these users, sessions and counters of failures."""
        self._users = users
        self._sessions = sessions
        self._lockout = lockout
        self._verifying = ThreadPoolExecutor(AT_ONCE, "password")
        self._looking = ThreadPoolExecutor(LOOKING, "session")
        self._waiting = 0

    @classmethod
    def over(cls, library: Library) -> SignIns:
        """Return the sign-ins of a library, whose writer this process becomes: sessions are stored in it.

        Raises:
            SettingsError: it has no user yet, or may only be read.
            LibraryInUse: another process holds it.
        """
        check_users(library)
        library.lock("footnote chat")
        catalog = library.catalog
        return cls(Users(catalog), Sessions(catalog), Lockout(Limits(catalog)))

    async def who(self, token: str) -> str | None:
        """Return who holds this token; None where nobody does, or the session has ended."""
        return await self._in(self._looking, self._sessions.user_of, token) if token else None

    async def begin(self, name: str, password: str, address: str) -> str | Refused | None:
        """Return the token of a new session; None where name and password do not fit, or why none was tried.

        Raises:
            StorageError: the try cannot be counted, or the session not be stored.
        """
        if self._waiting >= WAITING:
            return Refused(2.0, busy=True)
        self._waiting += 1
        try:
            return await self._in(self._verifying, self._begun, name, password, address)
        finally:
            self._waiting -= 1

    async def end(self, token: str) -> None:
        """Sign out.

        Raises:
            StorageError: the session cannot be removed.
        """
        if token:
            await self._in(self._looking, self._sessions.end, token)

    def _begun(self, name: str, password: str, address: str) -> str | Refused | None:
        tried = self._lockout.begin(address_key(address), name_key(name))
        if tried.seconds:
            return Refused(tried.seconds)
        try:
            fits = self._users.verify(name, password)
        except FootnoteError:  # nothing was found out about the password
            self._lockout.forgive(tried)
            raise
        if not fits:
            return None
        self._lockout.forgive(tried)
        return self._sessions.begin(name)

    async def _in(self, pool: ThreadPoolExecutor, work: Callable[..., _T], *values: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(pool, partial(work, *values))


def check_users(library: Library) -> None:
    """Refuse a library that nobody can sign in to.

    Raises:
        SettingsError: it has no user yet, or may only be read, so that nobody could be kept signed in.
    """
    if library.read_only:
        place = library.catalog.place
        raise SettingsError(
            f"setting 'auth' needs a library that can be written, and {place} may only be read: "
            "check who owns the folder, or leave --auth out"
        )
    if not Users(library.catalog).all():
        raise SettingsError(
            "setting 'auth' asks people to sign in, and there is no user yet: make one by "
            "'footnote users add NAME'"
        )
