"""Documents of our own making, of any number, and an embedder that costs next to nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from zlib import crc32

import numpy as np
from tokenizers import Tokenizer

from ingest.chunk import context, passage_id
from ingest.entry import document_id
from rag.types import Document, Passage, Text
from rag.vectors import Matrix, TokenVectors, unit
from tests.bench import prose

DIMENSIONS = 384


def write_files(folder: Path, count: int, n_bytes: int) -> None:
    """Write text files, a thousand to a folder."""
    for number in range(count):
        path = folder / str(number // 1000) / f"report-{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(prose.text_of(number, n_bytes), "utf-8")


class HashEmbedder:
    """Texts as unit vectors drawn from their hashes: always the same, and of no meaning.

    With the folder of the real model, its tokenizer cuts the passages.
    """

    fingerprint = "bench:hash"
    dimensions = DIMENSIONS
    max_tokens = 254

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def embed(self, texts: Sequence[str]) -> Matrix:
        return np.array([_drawn(text) for text in texts], np.float32).reshape(len(texts), DIMENSIONS)

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        found = []
        for text in texts:
            tokens = tuple(text.lower().split()) or ("",)
            places = [crc32(token.encode()) % len(self._table) for token in tokens]
            found.append(TokenVectors(_drawn(text), tokens, self._table[places]))
        return found

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def count_tokens(self, text: str) -> int:
        return len(self.token_offsets(text))

    def warm(self) -> None:
        """Nothing to load."""

    @cached_property
    def _table(self) -> Matrix:
        return unit(np.random.default_rng(0).standard_normal((4096, DIMENSIONS), np.float32))

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        assert self._folder is not None
        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def _drawn(text: str) -> Matrix:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return unit(np.random.default_rng(seed).standard_normal(DIMENSIONS, np.float32))


Entry = tuple[Document, Text, list[Passage], list[str], Matrix]


def entry(number: int, vectors: Matrix) -> Entry:
    """Return what `Library.put` takes of one document, with a passage for each of the vectors."""
    uri = f"file:///bench/report-{number}.txt"
    identity, title = document_id(uri), prose.title_of(number)
    bodies = prose.passages_of(number, len(vectors))
    line = context(title, ())
    passages, at = [], 0
    for body in bodies:
        key = passage_id(identity, at, line, body)
        passages.append(Passage(key, identity, body, at, at + len(body)))
        at += len(body) + 2
    text = "\n\n".join(bodies)
    document = Document(
        id=identity,
        uri=uri,
        title=title,
        media_type="text/plain",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        n_chars=len(text),
        n_pages=None,
        n_passages=len(bodies),
        added_at="2026-01-01T00:00:00+00:00",
    )
    return document, Text(text, "text/plain"), passages, [line] * len(bodies), vectors
