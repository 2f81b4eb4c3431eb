"""Documents of our own making, of any number, and an embedder that costs next to nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from pathlib import Path
from zlib import crc32

import numpy as np
from tokenizers import Tokenizer

from ingest.chunk import context, passage_id
from ingest.entry import document_id
from rag.library import Library
from rag.types import Document, Passage, Text
from rag.vectors import Matrix, TokenVectors, unit

DIMENSIONS = 384
SMALL_WORDS = "the of to and in a is that for on was with as by at from it has its which".split()
STEMS = (
    "air arm back ball band bank bird board boat body book bone box brand bread bridge brush camp card "
    "care case cast chain chair child church city clay cliff cloth cloud coal coast coat cold corn cross "
    "crown dark day deal dew door dust ear earth east edge eye face farm field fire fish flag flood floor "
    "foot fork fruit gate glass gold grain grass green ground guard gun hair hall hand harbor hat head "
    "heart hill home hook horn horse house ice iron key king lake lamp land leaf light line lock man mark "
    "market meal mile milk mill moon mouth neck night north oak paper path pin pipe place plate pool post "
    "rain rail ridge ring river road rock roof room root rope rose salt sand school sea seed sheep shell "
    "ship shop side silk silver sky smith snow song south spring star steam steel stone storm street sun "
    "table tail tide time tin tower town track tree valley wall ward watch water way well west wheel wind "
    "wine wing winter wood wool work yard"
).split()
WORDS = tuple("".join(pair) for pair in product(STEMS, repeat=2))
"""Some 35,000 words, the most frequent first."""

_FREQUENT = 20
"""Rank up to which words are about as frequent: the first is in every fourth passage, as in one field."""

PASSAGE_WORDS = 100
"""About 700 characters: what a passage has."""


def sentences(draw: np.random.Generator, n_words: int) -> str:
    """Return sentences of 12 words, half of them small ones; the others follow Zipf's law."""
    ranks = _FREQUENT * ((1 + len(WORDS) / _FREQUENT) ** draw.random(n_words) - 1)
    small = draw.integers(0, 2 * len(SMALL_WORDS), n_words)
    chosen = [
        SMALL_WORDS[a] if a < len(SMALL_WORDS) else WORDS[b]
        for a, b in zip(small.tolist(), ranks.astype(int).tolist(), strict=True)
    ]
    lines = (" ".join(chosen[at : at + 12]).capitalize() + "." for at in range(0, n_words, 12))
    return " ".join(lines)


def text_of(number: int, n_bytes: int) -> str:
    """Return the text of one document: paragraphs of a passage's length."""
    draw = np.random.default_rng(number)
    parts = [f"Report {number}"]
    size = len(parts[0])
    while size < n_bytes:
        parts.append(sentences(draw, PASSAGE_WORDS))
        size += len(parts[-1]) + 2
    return "\n\n".join(parts)[:n_bytes]


def write_files(folder: Path, count: int, n_bytes: int) -> None:
    """Write text files, a thousand to a folder."""
    for number in range(count):
        path = folder / str(number // 1000) / f"report-{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(number, n_bytes), "utf-8")


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


def entry(number: int, n_passages: int) -> Entry:
    """Return what `Library.put` takes of one document, its vectors of random directions."""
    draw = np.random.default_rng(number)
    uri = f"file:///bench/report-{number}.txt"
    identity, title = document_id(uri), f"Report {number}"
    bodies = [sentences(draw, PASSAGE_WORDS) for _ in range(n_passages)]
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
        n_passages=n_passages,
        added_at="2026-01-01T00:00:00+00:00",
    )
    vectors = unit(draw.standard_normal((n_passages, DIMENSIONS), np.float32))
    return document, Text(text, "text/plain"), passages, [line] * n_passages, vectors


def put_entries(library: Library, count: int, n_passages: int) -> Iterator[int]:
    """Put documents in a library; yields the number of each when it is safe on disk."""
    library.require(HashEmbedder.fingerprint)
    for number in range(count):
        library.put(*entry(number, n_passages))
        yield number
