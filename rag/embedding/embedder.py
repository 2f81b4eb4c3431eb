"""The embedder all-MiniLM-L6-v2: in numpy at first, in torch once that is loaded."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.llm.local_llm import available_cores
from rag.model_files.artifacts import EMBEDDER
from rag.text.folding import folded
from rag.vectors import TokenVectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from rag.embedding.minilm import NumpyMiniLM
    from rag.embedding.torch_minilm import TorchMiniLM

Vectors = NDArray[np.float32]

FEW = 64
"""Texts that the numpy encoder does about as soon as torch can be imported."""

_SPINNING = "GOMP_SPINCOUNT"

SLICE = 256
"""Texts embedded in one go; between slices, calls from other threads get their turn."""


class MiniLM:
    """Texts to unit vectors; threads may share it. It reads texts folded, see `rag.text.folding`.

    torch is loaded by `warm` and by the first call with many texts. A call with few texts never waits for it,
    nor behind a call with many.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        # Parallel tokenizing gains nothing on small batches, and warns on standard error after a fork.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self._folder = folder
        self._device = device
        self._loading = threading.Lock()
        self._encoding = threading.Lock()  # two at once would only take the cores from each other
        self._torch: TorchMiniLM | None = None
        self.fingerprint = f"{EMBEDDER.name}@{EMBEDDER.files[0].sha256[:12]}"
        self.dimensions = 384
        self.max_tokens = 254

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape ``(len(texts), 384)``."""
        texts = [folded(text) for text in texts]
        if len(texts) > FEW:
            return self._embed_many(self._loaded(), texts)
        model = self._torch
        if model is not None and texts and self._encoding.acquire(blocking=False):
            try:
                return model.embed(texts)
            finally:
                self._encoding.release()
        return self._few.embed(texts)

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each text its unit vector and those of its tokens."""
        texts = [folded(text) for text in texts]
        model = self._torch
        if model is not None and texts and self._encoding.acquire(blocking=False):
            try:
                return model.embed_tokens(texts)
            finally:
                self._encoding.release()
        return self._few.embed_tokens(texts)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has, special tokens apart."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return where each token of `text` starts and ends, in characters."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def warm(self) -> None:
        """Load torch, which takes seconds; until then `embed` answers in numpy."""
        self._loaded()

    def _loaded(self) -> TorchMiniLM:
        with self._loading:
            if self._torch is None:
                self._torch = _in_torch(self._few, self._device)
            return self._torch

    @cached_property
    def _few(self) -> NumpyMiniLM:
        from rag.embedding.minilm import NumpyMiniLM

        return NumpyMiniLM(self._folder)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _embed_many(self, model: TorchMiniLM, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(texts), SLICE):
            places = by_length[start : start + SLICE]
            with self._encoding:
                vectors[places] = model.embed([texts[place] for place in places])
        return vectors


def _in_torch(plain: NumpyMiniLM, device: str) -> TorchMiniLM:
    """Return the encoder in torch, in bfloat16 where that is fast."""
    with _hardly_spinning():
        import torch

    from rag.embedding.torch_minilm import TorchMiniLM

    torch.set_num_threads(available_cores())
    fast = device != "cpu" or has_fast_bfloat16()
    return TorchMiniLM(plain, torch.bfloat16 if fast else torch.float32, device)


@contextmanager
def _hardly_spinning() -> Iterator[None]:
    """Let the threads of an OpenMP that is loaded here wait asleep, unless the environment says how.

    By default they spin, which takes the cores from whoever else has work: on two busy cores 120 sentences
    took 6.2 s of the processor, and 1.1 s so. The processes started later are not told.
    """
    if _SPINNING in os.environ:
        yield
        return
    os.environ[_SPINNING] = "1000"
    try:
        yield
    finally:
        del os.environ[_SPINNING]


def has_fast_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether the processor is faster in bfloat16, with a cosine to float32 of 0.998: by AMX.

    AVX-512 alone multiplies matrices of bfloat16 at 150 GFLOP/s where float32 has 230 to 300 (two cores).
    """
    try:
        return "amx_bf16" in cpuinfo.read_text("utf-8", "replace").split()
    except OSError:
        return False
