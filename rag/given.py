"""Models that a program brings along: any chat model and any embeddings of LangChain's, in our interfaces."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import Runnable

from rag.errors import SettingsError, UsageError
from rag.model_errors import translate_given
from rag.models import ChatModel, Embedder
from rag.vectors import Matrix, TokenVectors, unit
from rag.words import stems

if TYPE_CHECKING:
    from langchain_core.language_models import LanguageModelInput
    from langchain_core.messages import AIMessage

AT_ONCE = 64
"""Texts sent in one call: what every provider takes."""

WORD = 0.3
"""Weight of a word itself in its vector, against 1 - WORD of the text that it stands in.

Of 250 questions over 400 paragraphs, with the vectors of all-MiniLM-L6-v2, the best sentence holds the answer
of .79, the best three of .92; with its own token vectors .80 and .93; at WORD = .7 .74 and .88. Of 98
sentences with one word put in another's place, the check then finds 6, and 17 of 98 with token vectors; at
WORD = 0 it finds 1.
"""

_PIECE = re.compile(r"[^\W_]{1,5}|[^\w\s]|_")
"""About a token each, and rather shorter: a passage must not outgrow what a model reads."""
_WORDS = re.compile(r"[^\W_]+|[^\w\s]|_")
_NAMES = ("model", "model_name", "model_id", "repo_id", "deployment")
_BLANK = "."
"""Stands for a text without a word, which some providers refuse."""


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


class EmbeddingsAdapter:
    """Embeddings of LangChain's as an embedder; threads may share it.

    They give one vector a text and none for its words, which the ranking of sentences and the check of
    citations look at as well. So a word is given a vector made of its text's and of a direction of its own
    stem's: it is near to the same word, the nearer the more the texts are alike. Questions are embedded by
    `embed_query`, everything else by `embed_documents`.
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
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        return self._embed(self._embeddings.embed_documents, texts)

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each text its unit vector and those of its words."""
        return [self._seen(text, whole) for text, whole in zip(texts, self.embed(texts), strict=True)]

    def embed_questions(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each question its unit vector, as of a question, and those of its words."""
        query = self._embeddings.embed_query
        made = self._embed(lambda batch: [query(text) for text in batch], texts) if texts else ()
        return [self._seen(text, whole) for text, whole in zip(texts, made, strict=True)]

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has at most, special tokens apart."""
        return len(self.token_offsets(text))

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return where pieces of words start and end, in characters: their tokenizer is not known."""
        return [match.span() for match in _PIECE.finditer(text)]

    def warm(self) -> None:
        """Do nothing: they are loaded, or served."""

    def _embed(self, make: Callable[[list[str]], list[list[float]]], texts: Sequence[str]) -> Matrix:
        made: list[list[float]] = []
        full = [text if text.strip() else _BLANK for text in texts]
        for at in range(0, len(full), AT_ONCE):
            with self._lock:
                try:
                    made += make(full[at : at + AT_ONCE])
                except Exception as error:  # each provider raises its own kinds: this is the border
                    raise translate_given(error, self._name) from error
        return unit(np.array(made, np.float32))

    def _seen(self, text: str, whole: Matrix) -> TokenVectors:
        tokens = tuple(word.casefold() for word in _WORDS.findall(text)) or ("",)
        own = np.stack([_direction(token, self.dimensions) for token in tokens])
        return TokenVectors(whole, tokens, unit(np.sqrt(WORD) * own + np.sqrt(1 - WORD) * whole))


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


@lru_cache(4096)
def _direction(token: str, dimensions: int) -> Matrix:
    """Return the unit vector of a word's stem: always the same, and at right angles to nearly all others."""
    root = " ".join(stems(token)) or token
    seed = int.from_bytes(hashlib.sha256(root.encode("utf-8", "surrogatepass")).digest()[:8])
    return unit(np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32))
