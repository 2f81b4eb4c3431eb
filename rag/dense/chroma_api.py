"""Chroma's own client of a server: with time-outs, with headers, and at the right tenant and database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from rag.settings import Settings

CONNECT_S = 3.0
"""Seconds to wait for a connection."""


def headers_of(settings: Settings) -> dict[str, str]:
    """Return what every request of these settings carries: the token, and the headers for a proxy."""
    headers = {name: value.get_secret_value() for name, value in settings.chroma_headers}
    if settings.chroma_token is not None:
        token = settings.chroma_token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} | headers
    return headers


def api_at(address: str, headers: Mapping[str, str], timeout_s: float) -> Any:
    """Return Chroma's own client without its facade, which asks twice before a time-out can be set."""
    import httpx
    from chromadb.api import ServerAPI
    from chromadb.config import Settings as ChromaSettings
    from chromadb.config import System

    parts = urlsplit(address)
    system = System(
        ChromaSettings(
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=address,
            chroma_server_http_port=parts.port or (443 if parts.scheme == "https" else 80),
            chroma_server_ssl_enabled=parts.scheme == "https",
            chroma_server_headers=dict(headers),
            anonymized_telemetry=False,
        )
    )
    server: Any = ServerAPI
    api = system.instance(server)
    api._session.timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
    return api


def only_place(api: Any) -> dict[str, str]:
    """Return the tenant and the database that this user has, where there is only one of them."""
    from chromadb.config import DEFAULT_DATABASE, DEFAULT_TENANT

    user = api.get_user_identity()
    databases = set(user.databases or ()) - {"*"}
    return {
        "tenant": user.tenant if user.tenant and user.tenant != "*" else DEFAULT_TENANT,
        "database": databases.pop() if len(databases) == 1 else DEFAULT_DATABASE,
    }
