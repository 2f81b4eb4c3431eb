"""Embedders around another embedder: the base of those that keep what it made, and one in memory.

Some embedders see a question in another way than a text that may answer it; they have `embed_questions`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from rag.models import Embedder
from rag.vectors import Matrix, TokenVectors

KEPT_BYTES = 96 * 2**20
"""About 3,500 sentences: all that is asked of a small library, and what many ask at once of a large one."""


@runtime_checkable
class SeesQuestions(Protocol):
    """An embedder that sees questions in a way of their own."""

    def embed_questions(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each question its unit vector and those of its tokens."""


def see_questions(embedder: Embedder, texts: Sequence[str]) -> list[TokenVectors]:
    """Return for each question its unit vector and those of its tokens."""
    if isinstance(embedder, SeesQuestions):
        return embedder.embed_questions(texts)
    return embedder.embed_tokens(texts)


class WrappedEmbedder:
    """An embedder that is another one, until a method is written anew."""

    def __init__(self, embedder: Embedder) -> None:
        """Wrap an embedder."""
        self._embedder = embedder
        self.fingerprint = embedder.fingerprint
        self.dimensions = embedder.dimensions
        self.max_tokens = embedder.max_tokens

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text, shape ``(len(texts), dimensions)``."""
        return self._embedder.embed(texts)

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each text its unit vector and those of its tokens."""
        return self._embedder.embed_tokens(texts)

    def embed_questions(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each question its unit vector and those of its tokens."""
        inner = self._embedder
        return inner.embed_questions(texts) if isinstance(inner, SeesQuestions) else self.embed_tokens(texts)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has, special tokens apart."""
        return self._embedder.count_tokens(text)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return where each token of `text` starts and ends, in characters."""
        return self._embedder.token_offsets(text)

    def warm(self) -> None:
        """Load what makes `embed` fastest, in the calling thread."""
        self._embedder.warm()


class RememberingEmbedder(WrappedEmbedder):
    """An embedder that remembers how it saw the sentences asked for last; threads may share it.

    Nine tenths of a search are the sentences of the best passages, which one question after the other comes
    back to. What is new is embedded by one thread at a time: questions at the same moment would each take the
    processor from the others, and embed the same sentences. An embedder on another machine says how many
    calls it takes `at_once`.
    """

    def __init__(self, embedder: Embedder, kept_bytes: int = KEPT_BYTES) -> None:
        """Wrap an embedder; what was not asked for longest is forgotten beyond `kept_bytes`."""
        super().__init__(embedder)
        self._most = kept_bytes
        self._bytes = 0
        self._seen: OrderedDict[str, TokenVectors] = OrderedDict()
        self._looking = threading.Lock()
        self._embedding = threading.Semaphore(getattr(embedder, "at_once", 1))

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each text its unit vector and those of its tokens."""
        known = self._known(texts)
        if len(known) < len(set(texts)):
            with self._embedding:
                known |= self._known(texts)  # another thread may have been at the same
                new = [text for text in dict.fromkeys(texts) if text not in known]
                made = self._embedder.embed_tokens(new) if new else []
                known |= self._remember(dict(zip(new, made, strict=True)))
        return [known[text] for text in texts]

    def _known(self, texts: Sequence[str]) -> dict[str, TokenVectors]:
        with self._looking:
            known = {text: self._seen[text] for text in texts if text in self._seen}
            for text in known:
                self._seen.move_to_end(text)
        return known

    def _remember(self, made: dict[str, TokenVectors]) -> dict[str, TokenVectors]:
        with self._looking:
            self._seen |= made
            self._bytes += sum(map(_size, made.values()))
            while self._bytes > self._most:
                _, forgotten = self._seen.popitem(last=False)
                self._bytes -= _size(forgotten)
        return made


def _size(seen: TokenVectors) -> int:
    return seen.vectors.nbytes + seen.whole.nbytes
