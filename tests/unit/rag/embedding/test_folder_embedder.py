"""An embedder of the user's own, tried with a small one that was never trained."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from rag.embedding.folder_embedder import FolderEmbedder, fingerprint
from rag.errors import ArtifactError
from rag.models import make_embedder
from rag.settings import Settings

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "zebra", "ran", "the", "moon", "##s", "rose", "."]
TEXTS = ["A zebra ran.", "The moons rose.", "A moon."]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The folder of a BERT of one layer, with random weights."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import BertProcessing
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    tokenizer = Tokenizer(WordPiece({word: i for i, word in enumerate(WORDS)}))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    BertTokenizerFast(tokenizer_object=tokenizer, model_max_length=16).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(WORDS), **sizes)).save_pretrained(folder)
    parts = [("", "Transformer"), ("1_Pooling", "Pooling")]
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(parts)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 16, "do_lower_case": false}')
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        '{"word_embedding_dimension": 32, "pooling_mode_mean_tokens": true}'
    )
    return folder


@pytest.fixture(scope="module")
def small(made) -> FolderEmbedder:
    return make_embedder(Settings(embedder=str(made)))


def test_texts_become_unit_vectors(small) -> None:
    vectors = small.embed(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((3, 32), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-3)
    assert small.embed([]).shape == (0, 32)
    assert (small.dimensions, small.max_tokens) == (32, 14)


def test_tokens_are_named_as_berts_and_each_has_a_vector(small) -> None:
    seen = small.embed_tokens([*TEXTS, "zebra " * 40])
    assert seen[1].tokens == ("[CLS]", "the", "moon", "##s", "rose", ".", "[SEP]")
    assert len(seen[3].tokens) == 16
    for each, vector in zip(seen, small.embed([*TEXTS, "zebra " * 40]), strict=True):
        assert each.vectors.shape == (len(each.tokens), 32)
        assert np.linalg.norm(each.vectors, axis=1) == pytest.approx(1.0, abs=1e-3)
        assert each.whole @ vector == pytest.approx(1.0, abs=1e-2)
    assert small.embed_tokens([]) == []


def test_tokens_are_counted_beyond_what_a_vector_takes_in(small) -> None:
    assert small.token_offsets("The moons") == [(0, 3), (4, 8), (8, 9)]
    assert small.count_tokens("zebra " * 40) == 40


def test_the_fingerprint_is_that_of_the_files(made, small, tmp_path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(made, copy)
    assert fingerprint(copy) == small.fingerprint == fingerprint(made)
    (copy / "notes.md").write_text("not a part of the model")
    (copy / "onnx").mkdir()
    (copy / "onnx" / "config.json").write_text("{}")
    assert fingerprint(copy) == small.fingerprint
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert fingerprint(copy) != small.fingerprint


def test_a_folder_without_a_model_is_named(tmp_path) -> None:
    with pytest.raises(ArtifactError, match=f"no sentence-transformers model in {tmp_path}: set 'embedder'"):
        make_embedder(Settings(embedder=str(tmp_path)))


def test_another_kind_of_tokenizer_is_refused(made, tmp_path) -> None:
    copy = tmp_path / "other"
    shutil.copytree(made, copy)
    tokenizer = json.loads((copy / "tokenizer.json").read_text())
    tokenizer["model"]["type"] = "Unigram"
    (copy / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ArtifactError, match="has a Unigram tokenizer, and only WordPiece serves"):
        FolderEmbedder(copy)
    (copy / "tokenizer.json").write_text("not JSON")
    with pytest.raises(ArtifactError, match=r"no tokenizer\.json that can be read"):
        FolderEmbedder(copy)


def test_weights_that_are_damaged_are_named(made, tmp_path) -> None:
    copy = tmp_path / "damaged"
    shutil.copytree(made, copy)
    (copy / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        FolderEmbedder(copy)
