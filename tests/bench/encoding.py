"""Ingest against bare encoding: how much of the embedder's speed is left, once all else is done beside it."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from ingest.pipeline import add
from rag.embedding.embedder import has_fast_bfloat16
from rag.library import Library
from rag.model_files.artifacts import EMBEDDER
from rag.model_files.fetching import ensure
from rag.models import make_embedder
from rag.retrieval.wrapping import WrappedEmbedder
from rag.settings_layers import load_settings
from rag.vectors import Matrix
from tests.bench.ingesting import corpus

COPIES, TURNS, BATCH = 8, 3, 32


class Heard(WrappedEmbedder):
    """An embedder that keeps what it was given to embed."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.texts += texts
        return super().embed(texts)


def bench(console: Console, documents: Sequence[Path]) -> None:
    """Print passages a second of adding files, and of encoding the same passages with all models loaded."""
    settings = load_settings()
    embedder = make_embedder(settings)
    embedder.warm()
    plain = _sentence_transformer(ensure(EMBEDDER, settings))
    took: dict[str, list[float]] = {"ingest": [], "our encoder": [], "sentence-transformers": []}
    with tempfile.TemporaryDirectory() as at:
        folder = Path(at) / "texts"
        folder.mkdir()
        corpus(documents, folder, COPIES)
        for turn in range(TURNS):
            heard = Heard(embedder)
            with Library.open(Path(at) / f"library-{turn}", create=True) as library:
                took["ingest"].append(_seconds(lambda: add(library, [folder], heard)))  # noqa: B023 - at once
            took["our encoder"].append(_seconds(lambda: embedder.embed(heard.texts)))  # noqa: B023 - at once
            took["sentence-transformers"].append(_seconds(lambda: plain(heard.texts)))  # noqa: B023 - at once
    count = len(heard.texts)
    console.rule(f"ingest of {count:,} passages against bare encoding of the same, models loaded")
    for name, seconds in took.items():
        each = statistics.median(seconds)
        ratio = statistics.median(b / a for a, b in zip(took["ingest"], seconds, strict=True))
        console.print(f"{name:<22} {count / each:6.1f} passages/s   ingest has {ratio:.2f} of that")


def _sentence_transformer(model: Path) -> Callable[[Sequence[str]], Any]:
    """Return sentence-transformers' `encode`, in the precision that our embedder takes on this processor."""
    import torch
    from sentence_transformers import SentenceTransformer

    kind = torch.bfloat16 if has_fast_bfloat16() else torch.float32
    encoder = SentenceTransformer(str(model), device="cpu", model_kwargs={"dtype": kind})
    return lambda texts: encoder.encode(list(texts), batch_size=BATCH)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
