"""Every embedder keeps the same promises; the real one computes the same in both of its ways."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from fakes import AngleEmbedder

from rag.embedding.embedder import FEW, MiniLM, has_fast_bfloat16
from rag.models import Embedder, make_embedder
from rag.settings_layers import load_settings
from rag.text.folding import folded

TEXTS = [
    "When did flights to the base resume?",
    "Flights resumed in May, after the runway had been repaired.",
    "The price of bread rose by a tenth.",
    "",
    "naïve Zürich 🎉 ﬁne\tx",
    "word " * 400,
]


@pytest.fixture(scope="module")
def minilm():
    embedder = make_embedder(load_settings())
    assert isinstance(embedder, MiniLM)
    return embedder


@pytest.fixture(params=["angles", pytest.param("minilm", marks=pytest.mark.models)])
def embedder(request) -> Embedder:
    return AngleEmbedder() if request.param == "angles" else request.getfixturevalue("minilm")


@pytest.mark.parametrize("count", [0, 1, 5, FEW + 1])
def test_one_unit_vector_a_text(embedder, count) -> None:
    texts = [TEXTS[n % 3] for n in range(count)]
    vectors = embedder.embed(texts)
    assert vectors.shape == (count, embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_equal_texts_have_equal_vectors(embedder) -> None:
    one, two = embedder.embed(["The plane lands."]), embedder.embed(["The plane lands."])
    np.testing.assert_allclose(one, two, atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, len(TEXTS)])
def test_tokens_have_unit_vectors_beside_that_of_the_whole(embedder, count) -> None:
    seen = embedder.embed_tokens(TEXTS[:count])
    assert len(seen) == count
    for each, vector in zip(seen, embedder.embed(TEXTS[:count]), strict=True):
        assert (each.whole.shape, each.whole.dtype) == ((embedder.dimensions,), np.float32)
        assert each.whole @ vector >= 0.998
        assert each.vectors.shape == (len(each.tokens), embedder.dimensions)
        assert each.vectors.dtype == np.float32
        assert each.tokens
        np.testing.assert_allclose(np.linalg.norm(each.vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12] or "empty")
def test_tokens_lie_in_order_within_the_text(embedder, text) -> None:
    offsets = embedder.token_offsets(text)
    assert embedder.count_tokens(text) == len(offsets)
    assert all(0 <= start < end <= len(text) for start, end in offsets)
    assert offsets == sorted(offsets)


def test_tokens_cover_all_that_is_no_space(embedder) -> None:
    text = "Flights resumed, at 9:30, on runway 2."
    covered = {place for start, end in embedder.token_offsets(text) for place in range(start, end)}
    assert {place for place, character in enumerate(text) if not character.isspace()} == covered


@pytest.mark.models
def test_offsets_count_characters_and_are_not_cut_off(minilm) -> None:
    text = "Zürich 🎉 now"
    assert [text[start:end] for start, end in minilm.token_offsets(text)] == ["Zürich", "🎉", "now"]
    assert minilm.count_tokens("word " * 5000) == 5000


@pytest.mark.models
def test_similar_texts_are_near(minilm) -> None:
    question, answer, other = minilm.embed(TEXTS[:3])
    assert question @ answer > 0.5 > 0.2 > question @ other


@pytest.mark.models
@pytest.mark.parametrize("way", ["numpy", "torch"])
def test_both_ways_compute_what_sentence_transformers_does(minilm, way: str) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    from rag.embedding.torch_minilm import TorchMiniLM

    reference = SentenceTransformer(str(minilm._folder), device="cpu", local_files_only=True)
    expected = reference.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    made = minilm._few if way == "numpy" else TorchMiniLM(minilm._few, torch.float32)
    assert (made.embed(TEXTS) * expected).sum(axis=1).min() >= 0.9999


@pytest.mark.models
def test_both_ways_agree(minilm) -> None:
    few = minilm._few.embed([folded(text) for text in TEXTS])
    many = minilm.embed(TEXTS * FEW)[: len(TEXTS)]
    assert (few * many).sum(axis=1).min() >= 0.998


@pytest.mark.models
def test_both_ways_see_the_same_tokens(minilm) -> None:
    minilm.warm()
    few = minilm._few.embed_tokens([folded(text) for text in TEXTS])
    loaded = minilm.embed_tokens(TEXTS)
    for text, one, other in zip(TEXTS, few, loaded, strict=True):
        assert one.tokens == other.tokens, text
        assert one.whole @ other.whole >= 0.998, text
        assert (one.vectors * other.vectors).sum(axis=1).min() >= 0.998, text
    assert not np.array_equal(few[0].vectors, loaded[0].vectors)  # they were not computed in one way


@pytest.mark.models
@pytest.mark.parametrize("warm", [False, True], ids=["numpy", "torch"])
@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        pytest.param("", ["[CLS]", "[SEP]"], id="empty"),
        pytest.param("Flights resumed.", ["[CLS]", "flights", "resumed", ".", "[SEP]"], id="sentence"),
        pytest.param("Hmeimim?", ["[CLS]", "hm", "##eim", "##im", "?", "[SEP]"], id="parts of words"),
        pytest.param("word " * 254, ["[CLS]", *["word"] * 254, "[SEP]"], id="just short enough"),
        pytest.param("word " * 400, ["[CLS]", *["word"] * 254, "[SEP]"], id="too long"),
    ],
)
def test_tokens_are_those_of_the_model(minilm, warm: bool, text: str, tokens: list[str]) -> None:
    minilm.warm()
    [seen] = (minilm if warm else minilm._few).embed_tokens([text])
    assert list(seen.tokens) == tokens


@pytest.mark.models
def test_a_token_is_seen_in_its_context(minilm) -> None:
    river, money, again = minilm._few.embed_tokens(
        ["He sat on the bank of the river.", "The bank lends money.", "She sat on the bank of the river."]
    )
    place = river.tokens.index("bank")
    assert place == again.tokens.index("bank")
    same, other = again.vectors[place], money.vectors[money.tokens.index("bank")]
    assert river.vectors[place] @ same > 0.95 > 0.85 > river.vectors[place] @ other


@pytest.mark.models
@pytest.mark.parametrize("way", ["embed", "embed_tokens"])
def test_a_question_does_not_wait_behind_a_bulk(minilm, way: str) -> None:
    minilm.warm()
    with minilm._encoding:  # as a bulk in another thread would hold it
        asked = threading.Thread(target=getattr(minilm, way), args=(TEXTS[:1],))
        asked.start()
        asked.join(10)
        assert not asked.is_alive()


@pytest.mark.models
def test_a_first_question_needs_no_torch() -> None:
    code = (
        "import sys\n"
        "from rag.models import make_embedder\n"
        "from rag import load_settings\n"
        "embedder = make_embedder(load_settings())\n"
        "assert embedder.embed(['When?']).shape == (1, 384)\n"
        "assert len(embedder.embed_tokens(['When?', 'word ' * 400])) == 2\n"
        "assert not {'torch', 'sentence_transformers', 'transformers', 'scipy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.models
def test_loading_and_embedding_say_nothing_and_reach_for_no_network() -> None:
    code = (
        "import socket\n"
        "def refuse(*args, **kwargs): raise SystemExit(f'reached for {args}')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from rag.models import make_embedder\n"
        "from rag import load_settings\n"
        "make_embedder(load_settings()).embed(['When?'] * 100)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("cpuinfo", "fast"),
    [
        ("flags : fpu avx512f avx512_bf16 sse", False),
        ("flags : fpu avx512_bf16 amx_bf16", True),
        ("flags : fpu avx2", False),
    ],
)
def test_bfloat16_only_where_it_is_fast(tmp_path, cpuinfo, fast) -> None:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert has_fast_bfloat16(tmp_path / "cpuinfo") is fast
    assert has_fast_bfloat16(tmp_path / "absent") is False


@pytest.mark.models
def test_in_bfloat16_the_vectors_are_nearly_the_same(minilm) -> None:
    import torch

    from rag.embedding.torch_minilm import TorchMiniLM

    made = TorchMiniLM(minilm._few, torch.bfloat16).embed(TEXTS)
    assert (made * minilm._few.embed(TEXTS)).sum(axis=1).min() >= 0.998


@pytest.mark.models
def test_many_texts_need_no_sentence_transformers() -> None:
    code = (
        "import sys\n"
        "from rag.models import make_embedder\n"
        "from rag import load_settings\n"
        "embedder = make_embedder(load_settings())\n"
        "embedder.warm()\n"
        "assert embedder.embed(['When?'] * 100).shape == (100, 384)\n"
        "assert not {'sentence_transformers', 'transformers'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
