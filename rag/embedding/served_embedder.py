"""An embedder behind an address that speaks OpenAI's protocol: vLLM, TEI, llama.cpp, or a hosted one."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np

from rag.embedding.embeddings_reply import read, vectors_of
from rag.embedding.wordless import WordlessEmbedder, filled
from rag.endpoints.calls import Calls
from rag.endpoints.keys import key_for
from rag.endpoints.model_errors import embedder_place, translate_at
from rag.errors import BadModelAnswer, FootnoteError, SettingsError
from rag.settings import OPENAI, Settings
from rag.text.folding import folded
from rag.vectors import Matrix

TEXTS_AT_ONCE = 32
"""Texts of one request: what every server takes; that of TEI takes no more by default."""

CHARACTERS_AT_ONCE = 32_000
"""Characters of one request, about 8,000 tokens: some seconds of a server without a GPU."""

CONNECT_S = 5.0
"""Seconds to reach the server; to answer, it has those of the settings."""


class ServedEmbedder(WordlessEmbedder):
    """Texts to unit vectors by a server; threads may share it. It reads texts folded, see `rag.text.folding`.

    The fingerprint names the model and the size of its vectors, and not the server: that may move, and there
    may be several.
    """

    max_tokens = 254

    def __init__(self, settings: Settings) -> None:
        """Ask the server for a first vector.

        Raises:
            MissingExtra: the provider wants a key, and there is none.
            SettingsError: the address is none.
            ModelUnavailable: the server does not answer.
            ModelError: it refuses, or what it answers is no vector.
        """
        self.at_once = settings.embedder_at_once
        self._model = settings.embedder.removeprefix(OPENAI)
        self._place = embedder_place(settings)
        self._calls = Calls(self._place.model, self.at_once, settings.retry_s, self._translated)
        self._timeout_s = settings.embedder_timeout_s
        self._client = _client(settings)
        weakref.finalize(self, self._client.close)
        self.dimensions = 0
        self.dimensions = self._one(["word"]).shape[1]
        self.fingerprint = f"{settings.embedder}:{self.dimensions}"

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text, shape ``(len(texts), dimensions)``.

        Raises:
            ModelUnavailable: the server does not answer.
            ModelError: it refuses, or what it answers is not a vector for each text.
        """
        batches = list(_batches([self._cut(folded(text)) for text in filled(texts)]))
        if len(batches) < 2:
            made = [self._one(batch) for batch in batches]
        else:
            pool = ThreadPoolExecutor(min(self.at_once, len(batches)), thread_name_prefix="embedding")
            try:
                made = list(pool.map(self._one, batches))
            finally:
                pool.shutdown(cancel_futures=True)
        return np.concatenate(made) if made else np.empty((0, self.dimensions), np.float32)

    def embed_as_questions(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a question, shape ``(len(texts), dimensions)``."""
        return self.embed(texts)

    def _one(self, batch: list[str]) -> Matrix:
        return self._calls.one(lambda: self._asked(batch))

    def _asked(self, batch: list[str]) -> Matrix:
        asked = {"model": self._model, "input": batch, "encoding_format": "float"}
        with self._client.stream("POST", "embeddings", json=asked) as reply:
            answer = read(reply, self._timeout_s)
        return vectors_of(answer, len(batch), self.dimensions)

    def _cut(self, text: str) -> str:
        """Return as much of a text as the model reads: some servers refuse what is longer."""
        pieces = self.token_offsets(text)
        return text if len(pieces) <= self.max_tokens else text[: pieces[self.max_tokens - 1][1]]

    def _translated(self, error: BaseException) -> FootnoteError:
        if isinstance(error, BadModelAnswer):
            return BadModelAnswer(f"{self._place.model} {error}; {self._place.check}")
        return translate_at(error, self._place)


def _client(settings: Settings) -> httpx.Client:
    address = settings.embedder_base_url or "https://api.openai.com/v1"
    key = key_for(
        "openai", settings.embedder, settings.embedder_base_url, settings.embedder_api_key, "EMBEDDER"
    )
    try:
        return httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(
                settings.embedder_timeout_s, connect=min(CONNECT_S, settings.embedder_timeout_s)
            ),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=settings.embedder_at_once),
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise SettingsError(f"setting 'embedder_base_url' is no address: {error}") from error


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the texts in order, in parts that are not too much for one request."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == TEXTS_AT_ONCE or size + len(text) > CHARACTERS_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch
