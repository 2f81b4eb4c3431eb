"""The embedder and the chat model: what every one of them does, and which one the settings name.

Everything heavy (torch, sentence-transformers, LangChain) is imported where it is first needed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.endpoints.model_errors import translate
from rag.errors import MissingExtra
from rag.llm.local_chat import LocalChat
from rag.llm.local_llm import LocalLLM, available_cores
from rag.llm.served_chat import ServedChat
from rag.model_files.artifacts import EMBEDDER, LLM, LLM_SMALL
from rag.model_files.fetching import ensure
from rag.progress import Progress
from rag.settings import OPENAI, Settings

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable
    from numpy.typing import NDArray

    from rag.vectors import TokenVectors

__all__ = [
    "ChatModel",
    "Embedder",
    "make_chat_model",
    "make_embedder",
    "translate",
]


AROUND = 1300
"""Tokens of a prompt beside its evidence: the longest question has about 1,000."""


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

    def runnable(self) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model as LangChain's, ready to be asked.

        Raises:
            ModelUnavailable: the local model did not start.
        """

    def close(self) -> None:
        """Let the model go."""


def make_embedder(
    settings: Settings,
    progress: Progress | None = None,
    given: Embedder | Embeddings | None = None,
    *,
    device: str = "cpu",
) -> Embedder:
    """Return the embedder that `settings.embedder` names, fetching its files if need be.

    Args:
        settings: name the embedder.
        progress: called with (label, done, total) while its files are fetched.
        given: takes its place: an embedder, or embeddings of LangChain's.
        device: where a model of this process embeds many texts, as torch calls it.

    Raises:
        ArtifactError: its files are not to be had, or of a kind that does not serve.
        StorageError: they cannot be stored.
        SettingsError: nothing says which model embeddings of LangChain's are, or an address is none.
        MissingExtra: the provider of the embedder wants a key, and there is none.
        ModelError: the embeddings, or the embedder's server, do not answer.
    """
    if given is not None:
        from rag.given import as_embedder

        return as_embedder(given)
    if settings.embedder.startswith(OPENAI):
        from rag.embedding.served_embedder import ServedEmbedder

        return ServedEmbedder(settings)
    if settings.embedder != "minilm":
        from rag.embedding.folder_embedder import FolderEmbedder

        return FolderEmbedder(Path(settings.embedder).expanduser(), device)
    from rag.embedding.embedder import MiniLM

    return MiniLM(ensure(EMBEDDER, settings, progress), device)


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
        server = LocalLLM(path, _context(settings), available_cores(), settings.answers_at_once)
        return LocalChat(artifact.name, server, settings)
    return ServedChat(settings)


def _context(settings: Settings) -> int:
    """Return the tokens that a local model holds: as set, and enough for all that it writes at a time."""
    one = AROUND + round(1.3 * settings.evidence_budget) + 2 * settings.answer_tokens
    return max(settings.llm_context, settings.answers_at_once * one)
