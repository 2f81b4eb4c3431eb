"""Who may sign in to the chat: names, and passwords as salted hashes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import UserError
from rag.extras import require
from rag.people.access import USER_NAME
from rag.storage.tables import api_keys, sessions, users

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST_CHARACTERS, MOST_CHARACTERS = 12, 1024
"""Length of a password without the user's name in it: the least is what OWASP asks for without a second
factor; the most keeps hashing it from being work that a stranger can order."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in, and since when."""

    name: str
    made_at: str


class Users:
    """The users of a library. Passwords are hashed by argon2id with the library's own profile (RFC 9106)."""

    def __init__(self, catalog: Catalog, hasher: PasswordHasher | None = None) -> None:
        """Keep users in a catalogue; `hasher` is argon2's with its defaults where none is given.

        Raises:
            MissingExtra: argon2 is not installed.
        """
        self._catalog = catalog
        self._hasher = hasher or _hasher()

    def all(self) -> list[User]:
        """Return the users in the order of their names."""
        query = sa.select(users.c.name, users.c.made_at).order_by(users.c.name)
        with self._catalog.transaction(write=False) as connection:
            return [User(row.name, row.made_at) for row in connection.execute(query)]

    def add(self, name: str, password: str) -> None:
        """Let somebody sign in by this name and password.

        Raises:
            UserError: the name or the password will not do, or there is such a user.
            StorageError: the library may only be read.
        """
        check_name(name)
        hashed = self._hashed(name, password)
        row = {"name": name, "password": hashed, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
        with self._catalog.transaction(write=True) as connection:
            if _password_of(connection, name) is not None:
                raise UserError(
                    f"there is a user '{name}' already: "
                    f"change the password by 'footnote users password {name}'"
                )
            connection.execute(users.insert().values(row))

    def set_password(self, name: str, password: str) -> None:
        """Change a password, and end every session of that user; API keys are ended one by one, if at all.

        Raises:
            UserError: there is no such user, or the password will not do.
            StorageError: the library may only be read.
        """
        self.require(name)
        hashed = self._hashed(name, password)
        with self._catalog.transaction(write=True) as connection:
            connection.execute(users.update().where(users.c.name == name).values(password=hashed))
            connection.execute(sessions.delete().where(sessions.c.user == name))

    def remove(self, name: str) -> bool:
        """Let somebody in no more, by password, session or API key; return whether there was such a user.

        Raises:
            StorageError: the library may only be read.
        """
        with self._catalog.transaction(write=True) as connection:
            for way_in in (sessions, api_keys):
                connection.execute(way_in.delete().where(way_in.c.user == name))
            return bool(connection.execute(users.delete().where(users.c.name == name)).rowcount)

    def verify(self, name: str, password: str) -> bool:
        """Return whether this is the user's password; an unknown name takes as long as a wrong password.

        A hash that was made with fewer rounds or less memory than is usual now is made again.
        """
        from argon2.exceptions import InvalidHashError, VerificationError

        if len(password) > MOST_CHARACTERS:
            return False
        with self._catalog.transaction(write=False) as connection:
            stored = _password_of(connection, name)
        plain = _plain(password)
        try:
            self._hasher.verify(stored or self._nobody, plain)
        except (VerificationError, InvalidHashError):
            return False
        if stored is None:
            return False
        if self._hasher.check_needs_rehash(stored):
            self._replace(name, stored, self._hasher.hash(plain))
        return True

    def require(self, name: str) -> None:
        """Make sure that there is such a user.

        Raises:
            UserError: there is none.
        """
        with self._catalog.transaction(write=False) as connection:
            if _password_of(connection, name) is None:
                raise UserError(f"there is no user '{name}': 'footnote users list' shows who there is")

    @cached_property
    def _nobody(self) -> str:
        """A hash for names that nobody has."""
        return self._hasher.hash("nobody has this password")

    def _hashed(self, name: str, password: str) -> str:
        check_password(name, password)
        return self._hasher.hash(_plain(password))

    def _replace(self, name: str, old: str, new: str) -> None:
        with self._catalog.transaction(write=True) as connection:
            same = (users.c.name == name) & (users.c.password == old)
            connection.execute(users.update().where(same).values(password=new))


def _hasher() -> PasswordHasher:
    require("server", "keeping passwords", "argon2")
    from argon2 import PasswordHasher

    return PasswordHasher()


def check_name(name: str) -> None:
    """Refuse a name that no user can have.

    Raises:
        UserError: it is not made of 1 to 32 small letters, digits, dots, dashes and underscores.
    """
    if not USER_NAME.fullmatch(name):
        raise UserError(
            f"'{name[:80]}' cannot be the name of a user: use 1 to 32 small letters, digits, dots, dashes "
            "and underscores, with a letter or digit first"
        )


def check_password(name: str, password: str) -> None:
    """Refuse a password that is too easily found.

    Raises:
        UserError: it has fewer than 12 characters beside the user's name, or more than 1,024.
    """
    if len(password) > MOST_CHARACTERS:
        raise UserError(f"the password has more than {MOST_CHARACTERS:,} characters: choose a shorter one")
    beside = unicodedata.normalize("NFKC", password).casefold().replace(name, "")
    if len(beside) < LEAST_CHARACTERS:
        raise UserError(
            f"the password is too short: use at least {LEAST_CHARACTERS} characters, "
            "not counting the user's name"
        )


def _plain(password: str) -> bytes:
    """Return the bytes that are hashed: the same whichever way a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _password_of(connection: sa.Connection, name: str) -> str | None:
    found: str | None = connection.scalar(sa.select(users.c.password).where(users.c.name == name))
    return found
