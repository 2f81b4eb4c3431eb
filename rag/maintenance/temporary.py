"""A catalogue that is there for a while only, where the settings have theirs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from rag.settings import Settings


@contextmanager
def temporary_catalog(settings: Settings) -> Iterator[Settings]:
    """Yield the settings of a library that is made for now; on PostgreSQL in a schema that goes at the end.

    Raises:
        CatalogRefused: the login may not make a schema.
        CatalogUnavailable: the server cannot be reached.
    """
    if settings.catalog_url is None:
        yield settings
        return
    from rag.storage.postgres_engine import temporary_schema

    with temporary_schema(settings.catalog_url) as url:
        yield settings.model_copy(update={"catalog": SecretStr(url)})
