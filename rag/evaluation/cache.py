"""Outputs of models, kept on disk by content: a changed threshold runs no model again."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import StorageError
from rag.models import ChatModel, Embedder
from rag.retrieval.wrapping import WrappedEmbedder
from rag.settings import Settings
from rag.vectors import TokenVectors

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_FILE = "outputs.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS streams (key BLOB PRIMARY KEY, chunks TEXT NOT NULL) WITHOUT ROWID;
"""
_AT_ONCE = 500
_FEW = 64
"""New texts after which the embedder loads what makes it fastest, which takes seconds."""


class Cache:
    """Vectors and streams by key in one SQLite file; threads and processes may share it."""

    def __init__(self, folder: Path) -> None:
        """Open the cache in `folder`, making it when there is none.

        Raises:
            StorageError: it cannot be made or read.
        """
        self.path = folder / _FILE
        self._lock = threading.Lock()
        with self._translated():
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self.path, timeout=60, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_SCHEMA)

    @classmethod
    def of(cls, settings: Settings) -> Cache:
        """Return the cache beside the model files."""
        return cls(settings.models.parent / "evaluation")

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def vectors(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the vectors that are known, as bytes."""
        found: dict[bytes, bytes] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            with self._translated(), self._lock:
                rows = self._database.execute(
                    f"SELECT key, vector FROM vectors WHERE key IN ({marks})",  # noqa: S608 - only marks
                    some,
                )
                found.update(rows.fetchall())
        return found

    def put_vectors(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep vectors."""
        with self._translated(), self._lock, self._database:
            self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def stream(self, key: bytes) -> list[Any] | None:
        """Return the chunks of a stream as JSON values, None when it is not known."""
        with self._translated(), self._lock:
            row = self._database.execute("SELECT chunks FROM streams WHERE key = ?", (key,)).fetchone()
        return None if row is None else list(json.loads(row[0]))

    def put_stream(self, key: bytes, chunks: Sequence[Any]) -> None:
        """Keep the chunks of a whole stream."""
        with self._translated(), self._lock, self._database:
            written = json.dumps(chunks, ensure_ascii=False)
            self._database.execute("INSERT OR REPLACE INTO streams VALUES (?, ?)", (key, written))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"the evaluation's cache {self.path} cannot be used ({error}): remove it, or make room"
            ) from error


class CachedEmbedder(WrappedEmbedder):
    """An embedder that makes each vector once."""

    def __init__(self, embedder: Embedder, cache: Cache) -> None:
        """Wrap an embedder; what it makes goes to the cache."""
        super().__init__(embedder)
        self._cache = cache
        self._made = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector a text, shape ``(len(texts), dimensions)``; only new texts are embedded."""

        def make(new: Sequence[str]) -> Iterable[bytes]:
            return (vector.tobytes() for vector in self._embedder.embed(new))

        vectors = [np.frombuffer(each, np.float32) for each in self._kept("vector", texts, make)]
        return np.array(vectors, np.float32).reshape(len(texts), self.dimensions)

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each text its unit vector and those of its tokens, the latter at half precision.

        A sentence takes about 25 kB on disk. What was just made is rounded as well, so that it is the same
        now and later.
        """

        def make(new: Sequence[str]) -> Iterable[bytes]:
            return map(_packed, self._embedder.embed_tokens(new))

        return [_unpacked(each, self.dimensions) for each in self._kept("tokens", texts, make)]

    def _kept(
        self, what: str, texts: Sequence[str], make: Callable[[Sequence[str]], Iterable[bytes]]
    ) -> list[bytes]:
        """Return what is kept of each text, after making and keeping what is new."""
        keys = [digest(what, self.fingerprint, text) for text in texts]
        known = self._cache.vectors(list(dict.fromkeys(keys)))
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            self._made += len(new)
            if self._made > _FEW:
                self._embedder.warm()
            rows = dict(zip(new, make(list(new.values())), strict=True))
            self._cache.put_vectors(rows.items())
            known |= rows
        return [known[key] for key in keys]

    def warm(self) -> None:
        """Do nothing: what is slow to load is loaded once many texts are new."""


class CachedChat:
    """A chat model that answers each prompt once; the real one starts with the first prompt that is new.

    It is shared by all libraries of an evaluation: `close` leaves the real model to whoever made it.
    """

    def __init__(self, chat_model: ChatModel, cache: Cache, settings: Settings) -> None:
        """Wrap a chat model; what the settings say of it is part of each key."""
        self._chat_model = chat_model
        self._cache = cache
        self.name = chat_model.name
        self._identity = {
            "name": chat_model.name,
            "llm": settings.llm,
            "base_url": settings.llm_base_url,
            "answer_tokens": settings.answer_tokens,
        }

    def start(self) -> None:
        """Do nothing: perhaps every answer is known."""

    def runnable(self) -> BaseChatModel:
        """Return the LangChain chat model that looks into the cache first."""
        from rag.evaluation.replay import CachedChatModel

        return CachedChatModel(chat=self._chat_model, outputs=self._cache, identity=self._identity)

    def close(self) -> None:
        """Do nothing: the real model is not ours."""


def _packed(text: TokenVectors) -> bytes:
    """Return one vector and those of the tokens as bytes: the tokens as JSON, NUL, then both."""
    tokens = json.dumps(text.tokens).encode()
    return b"\0".join(
        (tokens, text.whole.astype(np.float32).tobytes() + text.vectors.astype(np.float16).tobytes())
    )


def _unpacked(row: bytes, dimensions: int) -> TokenVectors:
    tokens, _, vectors = row.partition(b"\0")
    whole, each = vectors[: 4 * dimensions], vectors[4 * dimensions :]
    return TokenVectors(
        np.frombuffer(whole, np.float32),
        tuple(json.loads(tokens)),
        np.frombuffer(each, np.float16).astype(np.float32).reshape(-1, dimensions),
    )


def digest(*parts: object) -> bytes:
    """Return the key of some JSON values; what is no JSON counts by its `repr`."""
    written = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=repr)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).digest()
