"""The index on a Chroma server against the one in the library's folder: making it, and searching."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console

from rag.library import Library
from rag.settings import Settings
from rag.types import Document, Passage, Text
from rag.vectors import Matrix, unit
from tests.bench.synthetic import DIMENSIONS
from tests.chroma_servers import ChromaProcess

PASSAGES = 10_000
_EACH = 20
_QUESTIONS = 500
_NEAREST = 100


def bench(console: Console, n_passages: int) -> None:
    """Make both indexes of one library, search them in turns, and print how they compare."""
    draw = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        server = ChromaProcess(Path(folder) / "server")
        server.start()
        try:
            embedded = Settings(library=Path(folder) / "library")
            served = embedded.model_copy(update={"chroma": server.url})
            _store(embedded, n_passages, draw)
            made = [_making(settings) for settings in (embedded, served)]
            questions = unit(draw.standard_normal((_QUESTIONS, DIMENSIONS), np.float32))
            took = _searching(embedded, served, questions)
        finally:
            server.kill()
    console.print(f"{n_passages} drawn vectors: in the folder, on a server, and the ratio")
    console.print(f"  make the index   {made[0]:6.1f} s   {made[1]:6.1f} s   {made[1] / made[0]:.2f}")
    for share in (50, 95):
        a, b = (1000 * float(np.percentile(times, share)) for times in took)
        console.print(f"  search, p{share}      {a:6.1f} ms  {b:6.1f} ms  {b / a:.2f}")


def _store(settings: Settings, n_passages: int, draw: np.random.Generator) -> None:
    with Library.of(settings, create=True) as library:
        for number in range(n_passages // _EACH):
            name, lines = f"d{number}", [f"{i:04}" for i in range(_EACH)]
            passages = [Passage(f"{name}.{i}", name, line, 5 * i, 5 * i + 4) for i, line in enumerate(lines)]
            text = "\n".join(lines)
            facts = Document(
                name, f"file:///{name}", name, "text/plain", name, len(text), None, _EACH, "2026"
            )
            vectors = unit(draw.standard_normal((_EACH, DIMENSIONS), np.float32))
            library.put(facts, Text(text, "text/plain"), passages, [""] * _EACH, vectors)


def _making(settings: Settings) -> float:
    with Library.of(settings) as library:
        library.lock("a benchmark")
        return _timed(library.open_index)


def _searching(embedded: Settings, served: Settings, questions: Matrix) -> tuple[list[float], list[float]]:
    """Return the times of both, each question asked of one and then of the other."""
    took: tuple[list[float], list[float]] = ([], [])
    with Library.of(embedded) as here, Library.of(served) as there:
        here.open_index()
        there.open_index()
        for question in questions:
            for library, times in zip((here, there), took, strict=True):
                times.append(_timed(lambda: library.search_dense(question, _NEAREST)))  # noqa: B023 - at once
    return took


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
