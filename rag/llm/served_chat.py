"""A hosted chat model, or one of a server that the user runs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag.endpoints.calls import Calls
from rag.endpoints.keys import key_for
from rag.endpoints.model_errors import chat_place, translate
from rag.extras import require
from rag.llm.model_client import client_of
from rag.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable


class ServedChat:
    """A model behind an address; calls of it are limited, tried again and stopped: `rag.endpoints.calls`."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.llm
        provider, _, self._model = settings.llm.partition(":")
        require(provider, f"the model {settings.llm}", f"langchain_{provider}")
        self._provider = provider
        self._settings = settings
        self._key = self._shown_key()
        self._calls = Calls(
            chat_place(settings).model,
            settings.answers_at_once,
            settings.retry_s,
            lambda error: translate(error, settings),
        )

    def start(self) -> None:
        """Do nothing: the server is not ours."""

    def runnable(self) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the client."""
        return self._patient

    def close(self) -> None:
        """Do nothing: the server is not ours."""

    @cached_property
    def _patient(self) -> Runnable[LanguageModelInput, AIMessage]:
        from rag.llm.patient_chat import PatientChat

        return PatientChat(self._client, self._calls)

    @cached_property
    def _client(self) -> BaseChatModel:
        options: dict[str, Any] = {}
        if self._settings.llm_base_url:
            options["base_url"] = self._settings.llm_base_url
        if self._key is not None:
            options["api_key"] = self._key
        if self._provider != "ollama":  # which never tries again by itself
            options["max_retries"] = 0
        if self._provider == "openai":
            options["http_socket_options"] = ()  # others than the defaults would shut out the user's proxy
        return client_of(self._model, self._provider, self._settings, **options)

    def _shown_key(self) -> str | None:
        if self._provider == "ollama" and self._settings.llm_api_key is None:
            return None
        given = self._settings
        return key_for(self._provider, given.llm, given.llm_base_url, given.llm_api_key, "LLM")
