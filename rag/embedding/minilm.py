"""The all-MiniLM-L6-v2 encoder in plain numpy, for the first questions of a cold process.

torch takes seconds to import; this loads in a fraction of one and computes the same vectors in float32;
`rag.embedding.torch_minilm` is made from it. It is a BERT encoder (Devlin et al. 2019, arXiv:1810.04805)
with mean pooling over the tokens and vectors scaled to unit length. Tokens of all texts are packed into one
matrix without padding: only attention looks at texts one length at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import pi, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.embedding.tensors import mapped
from rag.vectors import TokenVectors, unit

Matrix = NDArray[np.float32]

PACK_TOKENS = 512
"""Tokens that go through the layers together; of 128 to 1,024, measured the fastest here on two cores."""

GELU_ROWS = 64
"""Rows that stay in the cache through the steps of GELU; a tenth off the whole, measured on two cores."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The weights of one layer, transposed for ``x @ w``; query, key and value are one matrix."""

    qkv: Matrix
    qkv_bias: Matrix
    out: Matrix
    out_bias: Matrix
    norm: tuple[Matrix, Matrix]
    up: Matrix
    up_bias: Matrix
    down: Matrix
    down_bias: Matrix
    last_norm: tuple[Matrix, Matrix]


class NumpyMiniLM:
    """Texts to unit vectors; holds only read-only weights, so threads may share it."""

    pack_tokens = PACK_TOKENS

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        self._heads = int(config["num_attention_heads"])
        self._epsilon = np.float32(config["layer_norm_eps"])
        self.dimensions = int(config["hidden_size"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        limit = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))["max_seq_length"]
        self._tokenizer.enable_truncation(int(limit))
        self._tokenizer.no_padding()
        weights = mapped(folder / "model.safetensors")
        self._words = weights["embeddings.word_embeddings.weight"]
        self._places = (
            weights["embeddings.position_embeddings.weight"]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._first_norm = (weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"])
        scale = np.float32(1 / sqrt(self.dimensions // self._heads))
        self._layers = [
            _read_layer(weights, f"encoder.layer.{number}.", scale)
            for number in range(int(config["num_hidden_layers"]))
        ]

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text, shape ``(len(texts), dimensions)``."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors = np.empty((len(ids), self.dimensions), dtype=np.float32)
        for place, states in self._states(ids):
            vectors[place] = states.mean(axis=0)
        return unit(vectors)

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each text its unit vector and those of its tokens."""
        encodings = self._tokenizer.encode_batch(list(texts))
        found: dict[int, TokenVectors] = {}
        for place, states in self._states([encoding.ids for encoding in encodings]):
            tokens = tuple(encodings[place].tokens)
            found[place] = TokenVectors(unit(states.mean(axis=0)), tokens, unit(states))
        return [found[place] for place in range(len(encodings))]

    def _states(self, ids: Sequence[Sequence[int]]) -> Iterator[tuple[int, Matrix]]:
        """Yield the place of each text and the last states of its tokens, shape (tokens, dimensions)."""
        for pack in _packs([len(row) for row in ids], self.pack_tokens):
            states = self._encode([ids[place] for place in pack])
            start = 0
            for place in pack:
                yield place, states[start : start + len(ids[place])]
                start += len(ids[place])

    def _encode(self, rows: Sequence[Sequence[int]]) -> Matrix:
        """Return the token vectors of all rows, one below the other; rows come sorted by length."""
        groups = [(length, len(list(same))) for length, same in groupby(len(row) for row in rows)]
        x = self._words[np.concatenate(rows)]
        start = 0
        for length, count in groups:
            x[start : start + length * count].reshape(count, length, -1)[:] += self._places[:length]
            start += length * count
        self._normalize(x, *self._first_norm)
        for layer in self._layers:
            x = self._through(layer, x, groups)
        return x

    def _through(self, layer: Layer, x: Matrix, groups: Sequence[tuple[int, int]]) -> Matrix:
        qkv: Matrix = x @ layer.qkv
        qkv += layer.qkv_bias
        attended = np.empty_like(x)
        start = 0
        for length, count in groups:
            stop = start + length * count
            self._attend(qkv[start:stop], attended[start:stop], length, count)
            start = stop
        hidden: Matrix = attended @ layer.out
        hidden += layer.out_bias
        hidden += x
        self._normalize(hidden, *layer.norm)
        wide: Matrix = hidden @ layer.up
        wide += layer.up_bias
        _gelu(wide)
        result: Matrix = wide @ layer.down
        result += layer.down_bias
        result += hidden
        self._normalize(result, *layer.last_norm)
        return result

    def _attend(self, qkv: Matrix, attended: Matrix, length: int, count: int) -> None:
        """Write softmax(q kᵀ) v of `count` texts of one length into `attended`; q comes scaled."""
        q, k, v = qkv.reshape(count, length, 3, self._heads, -1).transpose(2, 0, 3, 1, 4)
        weights = q @ k.swapaxes(-1, -2)
        weights -= weights.max(axis=-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=-1, keepdims=True)
        attended.reshape(count, length, self._heads, -1)[:] = (weights @ v).swapaxes(1, 2)

    def _normalize(self, x: Matrix, weight: Matrix, bias: Matrix) -> None:
        """Layer normalization in place (Ba et al. 2016, arXiv:1607.06450)."""
        x -= x.mean(axis=-1, keepdims=True)
        variance = np.einsum("ij,ij->i", x, x) / np.float32(x.shape[-1])
        x *= (1 / np.sqrt(variance + self._epsilon))[:, None]
        x *= weight
        x += bias


def _read_layer(weights: dict[str, Matrix], prefix: str, scale: np.float32) -> Layer:
    attention = [f"{prefix}attention.self.{name}" for name in ("query", "key", "value")]
    scales = (scale, np.float32(1), np.float32(1))
    pairs = list(zip(attention, scales, strict=True))
    out, norm = f"{prefix}attention.output.dense", f"{prefix}attention.output.LayerNorm"
    up, down, last = f"{prefix}intermediate.dense", f"{prefix}output.dense", f"{prefix}output.LayerNorm"
    return Layer(
        qkv=np.concatenate([weights[f"{name}.weight"] * factor for name, factor in pairs]).T,
        qkv_bias=np.concatenate([weights[f"{name}.bias"] * factor for name, factor in pairs]),
        out=weights[f"{out}.weight"].T,
        out_bias=weights[f"{out}.bias"],
        norm=(weights[f"{norm}.weight"], weights[f"{norm}.bias"]),
        up=weights[f"{up}.weight"].T,
        up_bias=weights[f"{up}.bias"],
        down=weights[f"{down}.weight"].T,
        down_bias=weights[f"{down}.bias"],
        last_norm=(weights[f"{last}.weight"], weights[f"{last}.bias"]),
    )


def _packs(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Yield the places of texts by rising length, in packs of at most so many tokens, or of one text."""
    pack: list[int] = []
    tokens = 0
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if pack and tokens + lengths[place] > most:
            yield pack
            pack, tokens = [], 0
        pack.append(place)
        tokens += lengths[place]
    if pack:
        yield pack


def _gelu(x: Matrix) -> None:
    """GELU in place: ``x · Φ(x)``, with Φ by its tanh form (Hendrycks & Gimpel 2016, arXiv:1606.08415)."""
    for start in range(0, len(x), GELU_ROWS):
        rows = x[start : start + GELU_ROWS]
        inner = rows * rows
        inner *= np.float32(0.044715 * sqrt(2 / pi))
        inner += np.float32(sqrt(2 / pi))
        inner *= rows
        np.tanh(inner, out=inner)
        inner += np.float32(1)
        rows *= inner
        rows *= np.float32(0.5)
