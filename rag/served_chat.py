"""A hosted chat model, or one of a server that the user runs."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag.errors import MissingExtra
from rag.extras import require
from rag.model_client import client_of
from rag.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class ServedChat:
    """A hosted model, or one of a server that the user runs."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.llm
        provider, _, self._model = settings.llm.partition(":")
        require(provider, f"the model {settings.llm}", f"langchain_{provider}")
        self._provider = provider
        self._settings = settings
        self._key = _key(provider, settings)

    def start(self) -> None:
        """Do nothing: the server is not ours."""

    def runnable(self) -> BaseChatModel:
        """Return the client."""
        return self._client

    def close(self) -> None:
        """Do nothing: the server is not ours."""

    @cached_property
    def _client(self) -> BaseChatModel:
        options: dict[str, Any] = {}
        if self._settings.llm_base_url:
            options["base_url"] = self._settings.llm_base_url
        if self._key is not None:
            options["api_key"] = self._key
        if self._provider == "openai":
            options["http_socket_options"] = ()  # others than the defaults would shut out the user's proxy
        return client_of(self._model, self._provider, self._settings, **options)


def _key(provider: str, settings: Settings) -> str | None:
    """Return the key for the model's server.

    A key of the environment is meant for its own provider: with another address, only Footnote's own setting
    counts, and a server that wants none gets a placeholder.
    """
    if settings.llm_api_key is not None:
        return settings.llm_api_key.get_secret_value()
    if provider == "ollama":
        return None
    if settings.llm_base_url:
        return "none"
    variable = f"{provider.upper()}_API_KEY"
    if key := os.environ.get(variable):
        return key
    raise MissingExtra(f"the model {settings.llm} needs a key: set {variable} or FOOTNOTE_LLM_API_KEY")
