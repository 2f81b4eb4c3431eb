"""Models that a program brings along: any chat model and any embeddings of LangChain's, in our interfaces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import Runnable

from rag.embedding.wordless import WordlessEmbedder, filled
from rag.endpoints.model_errors import translate_given
from rag.errors import SettingsError, UsageError
from rag.models import ChatModel, Embedder
from rag.vectors import Matrix, unit

if TYPE_CHECKING:
    from langchain_core.language_models import LanguageModelInput
    from langchain_core.messages import AIMessage

AT_ONCE = 64
"""Texts sent in one call: what every provider takes."""

_NAMES = ("model", "model_name", "model_id", "repo_id", "deployment")


class GivenChat:
    """A chat model of LangChain's, perhaps with fallbacks around it; it stays its owner's to close."""

    def __init__(self, model: Runnable[LanguageModelInput, AIMessage]) -> None:
        self._model = model
        self.name = model_name(model)

    def start(self) -> None:
        """Do nothing: it is there."""

    def runnable(self) -> Any:
        """Return the model."""
        return self._model

    def close(self) -> None:
        """Do nothing: it is its owner's."""


class EmbeddingsAdapter(WordlessEmbedder):
    """Embeddings of LangChain's as an embedder; threads may share it.

    Questions are embedded by `embed_query`, everything else by `embed_documents`. They give no vectors of
    single words: a word gets one made of its text's and of a direction of its own stem's, so that it is near
    to the same word, the nearer the more the texts are alike.
    """

    def __init__(self, embeddings: Embeddings, *, name: str | None = None, max_tokens: int = 254) -> None:
        """Wrap embeddings, after embedding one word.

        Args:
            embeddings: of any provider.
            name: tells them from others; a library remembers it. None takes the class and its model's name.
            max_tokens: what one vector takes in.

        Raises:
            SettingsError: nothing of the embeddings says which model they are: a name must be given.
            ModelError: they do not answer.
        """
        self._embeddings = embeddings
        self._lock = threading.Lock()  # a local model's tokenizer is not safe to share among threads
        self._name = name or _derived(embeddings)
        self.max_tokens = max_tokens
        self.dimensions = int(self._embed(embeddings.embed_documents, ["word"]).shape[1])
        self.fingerprint = f"langchain:{self._name}:{self.dimensions}"

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text, shape ``(len(texts), dimensions)``."""
        return self._embed(self._embeddings.embed_documents, texts)

    def embed_as_questions(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a question."""
        query = self._embeddings.embed_query
        return self._embed(lambda batch: [query(text) for text in batch], texts)

    def _embed(self, make: Callable[[list[str]], list[list[float]]], texts: Sequence[str]) -> Matrix:
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        made: list[list[float]] = []
        full = filled(texts)
        for at in range(0, len(full), AT_ONCE):
            with self._lock:
                try:
                    made += make(full[at : at + AT_ONCE])
                except Exception as error:  # each provider raises its own kinds: this is the border
                    raise translate_given(error, self._name) from error
        return unit(np.array(made, np.float32))


def as_embedder(given: Embedder | Embeddings) -> Embedder:
    """Return embeddings of LangChain's as an embedder; an embedder as it is."""
    return EmbeddingsAdapter(given) if isinstance(given, Embeddings) else given


def as_chat_model(given: ChatModel | Runnable[LanguageModelInput, AIMessage]) -> ChatModel:
    """Return a chat model of LangChain's as one of ours; one of ours as it is.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(given, Runnable):
        return GivenChat(given)
    if not hasattr(given, "runnable"):
        raise UsageError(f"chat_model takes one of LangChain's, and this is a {type(given).__name__}")
    return given


def model_name(model: object) -> str:
    """Return what a model calls itself, or the name of its class."""
    named = (getattr(model, name, None) for name in _NAMES)
    return next((each for each in named if isinstance(each, str) and each), type(model).__name__)


def _derived(embeddings: Embeddings) -> str:
    kind, name = type(embeddings).__name__, model_name(embeddings)
    if name == kind:
        raise SettingsError(
            f"nothing in {kind} says which model makes its vectors, and a library has to remember it: "
            "pass EmbeddingsAdapter(embeddings, name='…')"
        )
    return f"{kind}:{name}"
