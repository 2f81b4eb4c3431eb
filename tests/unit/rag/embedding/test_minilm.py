"""The numpy encoder on a tiny model with random weights; the real one is in the contract tests."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from rag.embedding.minilm import PACK_TOKENS, NumpyMiniLM, _gelu, _packs

WORDS = [f"w{n}" for n in range(50)]
SIZE, WIDE, HEADS, LAYERS, LIMIT = 24, 48, 3, 2, 32


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    vocabulary = {word: n for n, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, "[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "num_attention_heads": HEADS,
        "layer_norm_eps": 1e-12,
        "hidden_size": SIZE,
        "num_hidden_layers": LAYERS,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": LIMIT}))
    save_file(random_weights(len(vocabulary)), folder / "model.safetensors")
    return NumpyMiniLM(folder)


def random_weights(words: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)

    def normal(*shape: int) -> np.ndarray:
        return random.normal(0, 0.4, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": normal(words, SIZE),
        "embeddings.position_embeddings.weight": normal(LIMIT, SIZE),
        "embeddings.token_type_embeddings.weight": normal(2, SIZE),
        "embeddings.LayerNorm.weight": normal(SIZE),
        "embeddings.LayerNorm.bias": normal(SIZE),
    }
    for number in range(LAYERS):
        for name, rows, columns in (
            ("attention.self.query", SIZE, SIZE),
            ("attention.self.key", SIZE, SIZE),
            ("attention.self.value", SIZE, SIZE),
            ("attention.output.dense", SIZE, SIZE),
            ("intermediate.dense", WIDE, SIZE),
            ("output.dense", SIZE, WIDE),
        ):
            weights[f"encoder.layer.{number}.{name}.weight"] = normal(rows, columns)
            weights[f"encoder.layer.{number}.{name}.bias"] = normal(rows)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            weights[f"encoder.layer.{number}.{name}.weight"] = normal(SIZE)
            weights[f"encoder.layer.{number}.{name}.bias"] = normal(SIZE)
    return weights


texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join), max_size=12)


@given(texts)
@hypothesis_settings(max_examples=50, deadline=None)
def test_a_text_has_one_vector_whatever_its_company(tiny, company) -> None:
    together = tiny.embed(company)
    assert together.shape == (len(company), SIZE)
    assert together.dtype == np.float32
    for text, vector in zip(company, together, strict=True):
        np.testing.assert_allclose(tiny.embed([text])[0], vector, atol=2e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


@given(texts)
@hypothesis_settings(max_examples=50, deadline=None)
def test_tokens_are_seen_alike_whatever_their_company(tiny, company) -> None:
    together = tiny.embed_tokens(company)
    assert len(together) == len(company)
    for text, whole, seen in zip(company, tiny.embed(company), together, strict=True):
        [alone] = tiny.embed_tokens([text])
        assert seen.tokens == alone.tokens == ("[CLS]", *text.split()[: LIMIT - 2], "[SEP]")
        assert seen.vectors.shape == (len(seen.tokens), SIZE)
        np.testing.assert_allclose(seen.whole, whole, atol=1e-6)
        np.testing.assert_allclose(seen.vectors, alone.vectors, atol=5e-5)
        np.testing.assert_allclose(np.linalg.norm(seen.vectors, axis=1), 1, atol=1e-5)


def test_the_whole_is_the_mean_of_the_tokens_as_they_came(tiny) -> None:
    [(place, states)] = list(tiny._states([tiny._tokenizer.encode("w1 w2 w3").ids]))
    [seen] = tiny.embed_tokens(["w1 w2 w3"])
    mean = states.mean(axis=0)
    assert place == 0
    np.testing.assert_allclose(seen.whole, mean / np.linalg.norm(mean), atol=1e-6)
    lengths = np.linalg.norm(states, axis=1, keepdims=True)
    np.testing.assert_allclose(seen.vectors, states / lengths, atol=1e-6)


def test_what_is_beyond_the_limit_is_cut_off(tiny) -> None:
    long = " ".join(WORDS)
    np.testing.assert_array_equal(tiny.embed([long]), tiny.embed([f"{long} w3 w4"]))


def test_the_order_of_words_counts(tiny) -> None:
    one, two = tiny.embed(["w1 w2 w3", "w3 w2 w1"])
    assert np.abs(one - two).max() > 1e-3


@given(st.lists(st.integers(1, 700)))
def test_packs_hold_every_place_once_and_few_tokens(lengths) -> None:
    packs = list(_packs(lengths, PACK_TOKENS))
    assert sorted(place for pack in packs for place in pack) == list(range(len(lengths)))
    for pack in packs:
        sizes = [lengths[place] for place in pack]
        assert sizes == sorted(sizes)
        assert len(pack) == 1 or sum(sizes) <= PACK_TOKENS


def test_gelu_is_near_its_definition() -> None:
    x = np.linspace(-6, 6, 400, dtype=np.float32).reshape(200, 2)
    exact = [value * (1 + math.erf(value / math.sqrt(2))) / 2 for value in x.ravel().tolist()]
    _gelu(x)
    np.testing.assert_allclose(x.ravel(), exact, atol=5e-4)
