"""The errors of a Chroma server, and of the way to it, as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rag.dense.index import REPAIR
from rag.errors import IndexDamaged, IndexUnavailable

_REASONS = {
    "ConnectError": "connection refused",
    "ConnectTimeout": "no connection in time",
    "ReadError": "connection lost",
    "RemoteProtocolError": "connection lost",
    "ReadTimeout": "no answer in time",
    "RateLimitError": "too many requests",
    "QuotaError": "a quota is used up",
}


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Turn the errors of the server at an address, and of the way to it, into ours.

    Raises:
        IndexDamaged: the server has lost the collection, or cannot read it.
        IndexUnavailable: the server does not answer, or refuses.
    """
    try:
        yield
    except (IndexDamaged, IndexUnavailable):
        raise
    except Exception as error:  # httpx's, Chroma's and, for what a proxy answers, bare ones
        raise _explained(address, error) from error


class Translated:
    """A collection whose errors are ours."""

    def __init__(self, collection: Any, address: str) -> None:
        self._collection = collection
        self._address = address

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._collection, name)

        def call(*args: Any, **options: Any) -> Any:
            with translated(self._address):
                return method(*args, **options)

        return call


def _explained(address: str, error: Exception) -> IndexDamaged | IndexUnavailable:
    kind = type(error).__name__
    status = getattr(getattr(error.__context__, "response", None), "status_code", 0)
    if kind == "NotFoundError":
        return IndexDamaged(f"the Chroma server {address} has lost the index", advice=REPAIR)
    if kind in ("InternalError", "InvalidDimension", "InvalidDimensionException"):
        return IndexDamaged(f"the Chroma server {address} cannot read the index", advice=REPAIR)
    if kind in ("AuthorizationError", "ChromaAuthError") or status in (401, 403):
        return IndexUnavailable(
            f"the Chroma server {address} refuses the request",
            advice="set 'chroma_token' or 'chroma_headers' to what it asks for",
        )
    why = _REASONS.get(kind) or (f"status {status}" if status else f"it failed: {kind}")
    return IndexUnavailable(
        f"the Chroma server {address} does not answer ({why})",
        advice="start it, or look at the setting 'chroma', and try again",
    )
