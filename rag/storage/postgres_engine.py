"""How a PostgreSQL server is reached: its address, its connections, and what its errors mean."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from rag.errors import (
    CatalogRefused,
    CatalogUnavailable,
    FootnoteError,
    LibraryDamaged,
    LibraryInUse,
    StorageError,
)
from rag.extras import require
from rag.text.wording import shortened

KEPT_OPEN, AT_MOST = 4, 12
"""Connections of a process: eight replicas fit in the hundred that a server takes as it comes."""

CONNECT_S, WAIT_S = 5, 10
"""Seconds to wait for the server, and for another writer."""

OLDEST = 130000
"""The first version that is known to do: 13."""

_SESSION = (
    "SET jit = off; "  # compiling a search takes longer than the search
    f"SET lock_timeout = '{WAIT_S}s'; "
    "SET idle_in_transaction_session_timeout = '60s'; "  # of a process that was frozen
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
)

_AWAY = ("08", "57P", "53")
"""SQLSTATE classes of a connection that broke, a server that ends or starts, and one that has no room."""

_REFUSED = ("28", "42501", "3D000", "3F000", "25006")
"""SQLSTATEs of logins, rights, missing databases and schemas, and of servers that only read."""

_REFUSALS = (
    "authentication failed",
    "no password supplied",
    "does not exist",
    "pg_hba.conf",
    "permission denied",
)
"""The same in words: a server that refuses a connection tells no code."""

_RACES = ("40001", "40P01", "23503", "23505", "55P03", "57014")
"""SQLSTATEs of a change that another writer was in the way of."""


def address_of(url: str) -> str:
    """Return the address of a catalogue without its password."""
    made = sa.make_url(url)
    user = f"{made.username}@" if made.username else ""
    port = f":{made.port}" if made.port else ""
    return f"postgresql://{user}{made.host or ''}{port}/{made.database or ''}"


def engine_for(url: str) -> sa.Engine:
    """Return an engine on the server at `url`; nothing is connected yet.

    Raises:
        MissingExtra: the driver is not installed.
    """
    require("postgres", "the catalogue on PostgreSQL", "psycopg")
    made = sa.make_url(url)
    engine = sa.create_engine(
        made.set(drivername="postgresql+psycopg"),
        pool_size=KEPT_OPEN,
        max_overflow=AT_MOST - KEPT_OPEN,
        pool_timeout=WAIT_S,
        pool_pre_ping=True,
        pool_use_lifo=True,
        connect_args={"connect_timeout": CONNECT_S, "application_name": "footnote"} | made.query,
    )
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: Any, _record: Any) -> None:
    from psycopg.types.string import StrDumper

    class Plain(StrDumper):
        """Writes a character that PostgreSQL knows not, the zero, as the one that stands for such."""

        def dump(self, text: str) -> Any:
            return super().dump(text.replace("\0", "\N{REPLACEMENT CHARACTER}"))

    connection.adapters.register_dumper(str, Plain)
    committing, connection.autocommit = connection.autocommit, True
    connection.execute(_SESSION)
    connection.autocommit = committing


@contextmanager
def temporary_schema(url: str) -> Iterator[str]:
    """Make a schema in a database, yield the address that leads into it, and drop all of it at the end.

    Raises:
        CatalogRefused: the login may not make one.
        CatalogUnavailable: the server cannot be reached.
    """
    name = f"footnote_{secrets.token_hex(6)}"
    made = sa.make_url(url)
    before = str(made.query.get("options", ""))
    engine = engine_for(url)
    try:
        with translated(address_of(url)), engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        options = f"{before} -csearch_path={name}".strip()
        yield made.update_query_dict({"options": options}).render_as_string(hide_password=False)
        with translated(address_of(url)), engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    finally:
        engine.dispose()


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn the errors of the server and of the way there into Footnote's own."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise translate(error, place) from error
    except sa.exc.TimeoutError as error:
        raise CatalogUnavailable(
            f"all {AT_MOST} connections to the catalogue at {place} are busy: try again in a moment"
        ) from error
    except OSError as error:
        raise StorageError(f"cannot use the library {place}: {error.strerror or error}") from error


def is_busy(error: sa.exc.DBAPIError) -> bool:
    """Return whether a lock was not to be had in time."""
    return getattr(error.orig, "sqlstate", None) == "55P03"


def translate(error: sa.exc.DBAPIError, place: str) -> FootnoteError:
    """Return the error of ours for one of the driver's."""
    state: str = getattr(error.orig, "sqlstate", None) or ""
    reason = _line(error)
    if state in _RACES:
        return LibraryInUse(f"the library {place} was busy with another change: try again in a moment")
    if state.startswith("53100"):
        return StorageError(
            f"no space left for the library {place}: free some there and run it again; nothing is lost"
        )
    if state.startswith(_REFUSED) or (not state and any(words in reason for words in _REFUSALS)):
        return CatalogRefused(f"the catalogue at {place} refuses: {reason}: check the setting 'catalog'")
    if state.startswith(_AWAY) or (not state and isinstance(error, sa.exc.OperationalError)):
        return CatalogUnavailable(
            f"the catalogue at {place} cannot be reached: {reason}: try again when it is back"
        )
    if state.startswith("XX00") and state != "XX000":
        return LibraryDamaged(
            f"the catalogue at {place} is damaged ({reason}): bring it back from a copy by 'pg_restore'",
            reason=reason,
        )
    return StorageError(f"the library {place} cannot be used: {reason}")


def _line(error: sa.exc.DBAPIError) -> str:
    """Return what the server or the driver says, on one line."""
    primary = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    lines = str(primary or error.orig or error).strip().splitlines()
    _, _, told = (lines[0] if lines else type(error.orig).__name__).rpartition(
        "failed: "
    )  # after the address
    return shortened(told.rstrip(".:"))
