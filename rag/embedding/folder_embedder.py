"""An embedder of the user's own: a sentence-transformers model in a folder."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from tokenizers import Tokenizer

from rag.embedding.embedder import SLICE, has_fast_bfloat16
from rag.errors import ArtifactError
from rag.llm.local_llm import available_cores
from rag.text.folding import folded
from rag.vectors import TokenVectors, unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

BATCH = 16
"""Measured on two cores: small batches of texts of one length are the fastest."""

_FILES = (".safetensors", ".bin", ".json", ".txt")
_ASIDE = ("onnx", "openvino")
"""Folders with the same weights for other runtimes."""


class FolderEmbedder:
    """Texts to unit vectors by the model in `folder`; threads may share it.

    It reads texts folded, see `rag.text.folding`.

    Its tokenizer must be WordPiece, as of BERT and its kin: sentences are ranked by the words that its tokens
    make. The fingerprint is that of the files, wherever they lie.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Load the model, to compute on `device`.

        Raises:
            ArtifactError: there is none, it cannot be loaded, or it has another kind of tokenizer.
        """
        _check(folder)
        self.fingerprint = fingerprint(folder)
        try:
            self._model = load_sentence_transformer(folder, device)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
            reason = str(error).partition("\n")[0]
            raise ArtifactError(
                f"the embedder in {folder} cannot be loaded ({reason}): see the setting 'embedder'"
            ) from error
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._lock = threading.Lock()  # the model's tokenizer is not safe to share among threads
        self.dimensions = int(np.shape(self.embed([""]))[1])
        special = len(self._tokenizer.encode("").ids)
        self.max_tokens = int(self._model.max_seq_length or 512) - special

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape ``(len(texts), dimensions)``."""
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        texts = [folded(text) for text in texts]
        made = []
        for at in range(0, len(texts), SLICE):
            with self._lock:
                made.append(encode(self._model, texts[at : at + SLICE]))
        return np.concatenate(made)

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return for each text its unit vector and those of its tokens."""
        if not texts:
            return []
        texts = [folded(text) for text in texts]
        with self._lock:
            whole = encode(self._model, texts)
            states = self._model.encode(list(texts), output_value="token_embeddings", show_progress_bar=False)
            return [
                TokenVectors(vector, self._names(text, len(rows)), unit(rows.float().numpy()))
                for text, vector, rows in zip(texts, whole, states, strict=True)
            ]

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has, special tokens apart."""
        return len(self.token_offsets(text))

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return where each token of `text` starts and ends, in characters."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def warm(self) -> None:
        """Do nothing: it is loaded."""

    def _names(self, text: str, count: int) -> tuple[str, ...]:
        """Return the first tokens of a text between BERT's own marks of beginning and end."""
        tokens = self._tokenizer.encode(text, add_special_tokens=False).tokens
        return ("[CLS]", *tokens[: count - 2], "[SEP]")[:count]


def fingerprint(folder: Path) -> str:
    """Return a name for the model in `folder` that changes when a file of it does."""
    seen = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if file.suffix in _FILES and inside.parts[0] not in _ASIDE and not hidden:
            with file.open("rb") as data:
                seen.update(f"{inside.as_posix()}\0".encode())
                seen.update(hashlib.file_digest(data, "sha256").digest())
    return f"sentence-transformers@{seen.hexdigest()[:12]}"


def encode(model: SentenceTransformer, texts: Sequence[str]) -> Vectors:
    """Return the unit vectors of texts."""
    vectors = np.asarray(model.encode(list(texts), batch_size=BATCH, show_progress_bar=False))
    return unit(vectors)


def load_sentence_transformer(folder: Path, device: str = "cpu") -> SentenceTransformer:
    """Return the model in a folder, in bfloat16 where that is fast."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    torch.set_num_threads(available_cores())
    dtype = torch.bfloat16 if device != "cpu" or has_fast_bfloat16() else torch.float32
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(
            str(folder), device=device, local_files_only=True, model_kwargs={"dtype": dtype}
        )
    finally:
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _check(folder: Path) -> None:
    if not (folder / "modules.json").is_file():
        raise ArtifactError(
            f"no sentence-transformers model in {folder}: "
            "set 'embedder' to minilm, or to the folder of a model"
        )
    try:
        kind = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["type"]
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactError(f"the embedder in {folder} has no tokenizer.json that can be read") from error
    if kind != "WordPiece":
        raise ArtifactError(
            f"the embedder in {folder} has a {kind} tokenizer, and only WordPiece serves: "
            "set 'embedder' to a model of BERT's kind"
        )
