"""The chat model in a child process on this machine, as a client of its port."""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING

from rag.llm.local_llm import LocalLLM
from rag.llm.model_client import client_of
from rag.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from openai import DefaultHttpxClient


class LocalChat:
    """A model in a child process on this machine."""

    def __init__(self, name: str, server: LocalLLM, settings: Settings) -> None:
        self.name = name
        self._server = server
        self._settings = settings
        self._lock = threading.Lock()
        self._address: tuple[str, str] | None = None
        self._model: BaseChatModel | None = None
        self._connections: DefaultHttpxClient | None = None

    def start(self) -> None:
        """Begin to start the child."""
        self._server.start()

    def runnable(self) -> BaseChatModel:
        """Return a client of the child that runs now; the import takes a second of the child's start."""
        _import_client()
        address = self._server.ensure_running()
        with self._lock:
            if self._model is None or self._address != address:
                self._disconnect()
                self._model = self._connect(*address)
                self._address = address
            return self._model

    def close(self) -> None:
        """End the child."""
        self._server.close()
        with self._lock:
            self._disconnect()

    def _connect(self, base_url: str, key: str) -> BaseChatModel:
        from openai import DefaultAsyncHttpxClient, DefaultHttpxClient

        # The child is on loopback: a proxy of the environment must not come between.
        self._connections = DefaultHttpxClient(trust_env=False)
        return client_of(
            self.name,
            "openai",
            self._settings,
            base_url=base_url,
            api_key=key,
            max_retries=0,
            http_client=self._connections,
            http_async_client=DefaultAsyncHttpxClient(trust_env=False),
        )

    def _disconnect(self) -> None:
        if self._connections is not None:
            self._connections.close()
        self._connections = self._model = None


def _import_client() -> None:
    for module in ("langchain_openai", "langchain.chat_models"):
        importlib.import_module(module)
