"""The embedder and the chat model: the only file that names providers.

Everything heavy (torch, sentence-transformers, LangChain) is imported where it is first needed.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rag.artifacts import EMBEDDER, LLM, LLM_SMALL
from rag.errors import MissingExtra
from rag.extras import require
from rag.fetching import ensure
from rag.local_llm import LocalLLM, available_cores
from rag.model_errors import translate
from rag.places import Progress
from rag.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from numpy.typing import NDArray
    from openai import DefaultHttpxClient

    from rag.vectors import TokenVectors

__all__ = [
    "ChatModel",
    "Embedder",
    "Progress",
    "make_chat_model",
    "make_embedder",
    "translate",
]


class Embedder(Protocol):
    """Texts to unit vectors; safe to share among threads.

    `fingerprint` changes when the vectors would; `max_tokens` is what one vector takes in, special tokens
    apart.
    """

    fingerprint: str
    dimensions: int
    max_tokens: int

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector a text, shape ``(len(texts), dimensions)``."""

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each text its unit vector and those of its tokens."""

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has, special tokens apart."""

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return where each token of `text` starts and ends, in characters."""

    def warm(self) -> None:
        """Load what makes `embed` fastest, in the calling thread."""


class ChatModel(Protocol):
    """The model that writes answers; `name` is what an `Answer` calls it."""

    name: str

    def start(self) -> None:
        """Begin to load the model, without waiting."""

    def runnable(self) -> BaseChatModel:
        """Return the LangChain chat model, ready to be asked.

        Raises:
            ModelUnavailable: the local model did not start.
        """

    def close(self) -> None:
        """Let the model go."""


def make_embedder(
    settings: Settings, progress: Progress | None = None, given: Embedder | Embeddings | None = None
) -> Embedder:
    """Return the embedder that `settings.embedder` names, fetching its files if need be.

    Args:
        settings: name the embedder.
        progress: called with (label, done, total) while its files are fetched.
        given: takes its place: an embedder, or embeddings of LangChain's.

    Raises:
        ArtifactError: its files are not to be had, or of a kind that does not serve.
        StorageError: they cannot be stored.
        SettingsError: nothing says which model embeddings of LangChain's are.
        ModelError: the embeddings do not answer.
    """
    if given is not None:
        from rag.given import as_embedder

        return as_embedder(given)
    if settings.embedder != "minilm":
        from rag.folder_embedder import FolderEmbedder

        return FolderEmbedder(Path(settings.embedder).expanduser())
    from rag.embedder import MiniLM

    return MiniLM(ensure(EMBEDDER, settings, progress))


def make_chat_model(settings: Settings, progress: Progress | None = None) -> ChatModel | None:
    """Return the chat model that `settings.llm` names, None for ``none``.

    Raises:
        MissingExtra: a Python package or a key is missing.
        ArtifactError: the files of the local model are not to be had.
        StorageError: they cannot be stored.
    """
    if settings.llm == "none":
        return None
    if settings.llm.startswith("local"):
        if importlib.util.find_spec("xllamacpp") is None:
            raise MissingExtra(f"the model {settings.llm} needs the package xllamacpp: pip install xllamacpp")
        artifact = LLM_SMALL if settings.llm == "local-small" else LLM
        path = ensure(artifact, settings, progress)
        return _LocalChat(artifact.name, LocalLLM(path, settings.llm_context, available_cores()), settings)
    return _ServedChat(settings)


class _LocalChat:
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
        return _client(
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


class _ServedChat:
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
        return _client(self._model, self._provider, self._settings, **options)


def _client(model: str, provider: str, settings: Settings, **options: Any) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    if provider == "ollama":
        limits: dict[str, Any] = {
            "num_predict": settings.answer_tokens,
            "client_kwargs": {"timeout": settings.llm_timeout_s},
        }
    else:
        limits = {"max_tokens": settings.answer_tokens, "timeout": settings.llm_timeout_s}
    made: BaseChatModel = init_chat_model(model, model_provider=provider, temperature=0, **limits, **options)
    return made


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
