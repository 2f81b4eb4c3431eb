"""By what programs come in: named random keys, of which only hashes are stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from rag.catalog import Catalog
from rag.errors import ApiKeyError, UserError
from rag.people.access import USER_NAME
from rag.storage.tables import api_keys, users

PREFIX = "fn_"
"""Begins every key, so that people and programs that look for leaked ones know it."""

A_MINUTE, MOST_A_MINUTE = 60, 100_000
"""Questions a minute of a key that was given no other number, and the most that can be given."""

_BYTES = 32


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret: for whom it stands, nobody where `user` is empty, and its limit."""

    name: str
    user: str
    a_minute: int
    made_at: str

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, ready for JSON; nobody is None."""
        return asdict(self) | {"user": self.user or None}


class ApiKeys:
    """The API keys of a library. Safe for threads."""

    def __init__(self, catalog: Catalog) -> None:
        """Keep keys in a catalogue."""
        self._catalog = catalog

    def all(self) -> list[ApiKey]:
        """Return the keys in the order of their names."""
        with self._catalog.transaction(write=False) as connection:
            return [_key(row) for row in connection.execute(sa.select(api_keys).order_by(api_keys.c.name))]

    def add(self, name: str, user: str = "", a_minute: int = A_MINUTE) -> str:
        """Make a key, and return its secret, which cannot be had again.

        Args:
            name: by which it is listed and removed.
            user: for whom it stands; nobody where empty.
            a_minute: questions that it may ask in a minute.

        Raises:
            ApiKeyError: the name or the limit will not do, or there is such a key.
            UserError: there is no such user.
            StorageError: the library may only be read.
        """
        _check(name, a_minute)
        secret = PREFIX + secrets.token_urlsafe(_BYTES)
        row = {
            "name": name,
            "secret": _hash(secret),
            "user": user or None,
            "a_minute": a_minute,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with self._catalog.transaction(write=True) as connection:
            if connection.scalar(sa.select(api_keys.c.name).where(api_keys.c.name == name)) is not None:
                raise ApiKeyError(
                    f"there is a key '{name}' already: choose another name, "
                    f"or remove that one by 'footnote keys remove {name}'"
                )
            if user and connection.scalar(sa.select(users.c.name).where(users.c.name == user)) is None:
                raise UserError(f"there is no user '{user}': 'footnote users list' shows who there is")
            connection.execute(api_keys.insert().values(row))
        return secret

    def remove(self, name: str) -> None:
        """Let nobody in by a key any more.

        Raises:
            ApiKeyError: there is no such key.
            StorageError: the library may only be read.
        """
        with self._catalog.transaction(write=True) as connection:
            if not connection.execute(api_keys.delete().where(api_keys.c.name == name)).rowcount:
                raise ApiKeyError(
                    f"there is no key '{name[:80]}': 'footnote keys list' shows which there are"
                )

    def find(self, secret: str) -> ApiKey | None:
        """Return the key with this secret; None where there is none."""
        query = sa.select(api_keys).where(api_keys.c.secret == _hash(secret))
        with self._catalog.transaction(write=False) as connection:
            found = connection.execute(query).first()
        return None if found is None else _key(found)


def _check(name: str, a_minute: int) -> None:
    if not USER_NAME.fullmatch(name):
        raise ApiKeyError(
            f"'{name[:80]}' cannot be the name of a key: use 1 to 32 small letters, digits, dots, dashes "
            "and underscores, with a letter or digit first"
        )
    if not 1 <= a_minute <= MOST_A_MINUTE:
        raise ApiKeyError(f"a key may ask 1 to {MOST_A_MINUTE:,} questions a minute, not {a_minute:,}")


def _key(row: Any) -> ApiKey:
    return ApiKey(row.name, row.user or "", row.a_minute, row.made_at)


def _hash(secret: str) -> str:
    """Return what is stored of a secret.

    One round of SHA-256, and no salt: a slow hash makes up for passwords that can be guessed, and there is
    nothing to guess about 256 random bits.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
