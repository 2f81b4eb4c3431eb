"""The time by the clock of the database, which is one for all processes that use a library."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


class Seconds(sa.sql.functions.FunctionElement[float]):
    """The seconds since 1970, within a statement."""

    inherit_cache = True
    type = sa.Float()


@compiles(Seconds, "sqlite")
def _sqlite(_element: Seconds, _compiler: Any, **_options: Any) -> str:
    return "(julianday('now') - 2440587.5) * 86400.0"


@compiles(Seconds, "postgresql")
def _postgresql(_element: Seconds, _compiler: Any, **_options: Any) -> str:
    return "extract(epoch FROM clock_timestamp())"


def seconds(connection: sa.Connection) -> float:
    """Return the seconds since 1970."""
    return float(connection.scalar(sa.select(Seconds())) or 0)
