"""First word and whole answer against the plain LangChain way, in turn, on one model process."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console

from rag.assistant import Assistant
from rag.model_files.artifacts import EMBEDDER
from rag.model_files.fetching import ensure
from rag.types import TextWritten
from tests.bench import plain
from tests.bench.common import library_of, questions_in, settings


def timed(words: Iterator[str]) -> tuple[float, float]:
    """Return the seconds to the first word and to the last."""
    started = time.perf_counter()
    first = None
    for word in words:
        if word.strip() and first is None:
            first = time.perf_counter() - started
    total = time.perf_counter() - started
    return first if first is not None else total, total


def bench(console: Console, documents: Sequence[Path], file: Path, limit: int) -> None:
    questions = [question["question"] for question in questions_in(file, limit, answerable=True)]
    with library_of(documents) as path, Assistant.open(settings=settings(path)) as assistant:
        assistant.warm()
        texts = [(d.title, assistant.library.text(d.id)) for d in assistant.library.documents()]
        with tempfile.TemporaryDirectory() as folder:
            store, _ = plain.ingest(texts, ensure(EMBEDDER, settings(path)), Path(folder))
            llm = assistant._chat_model.runnable()
            ways: dict[str, Callable[[str], Iterator[str]]] = {
                "footnote": lambda q: (e.text for e in assistant.stream(q) if isinstance(e, TextWritten)),
                "plain LangChain": lambda q: plain.answer(store, llm, q),
            }
            times = {name: [timed(way(question)) for question in questions] for name, way in ways.items()}
    console.rule(f"answers to {len(questions)} questions, {assistant.model}")
    medians = {}
    for name, pairs in times.items():
        medians[name] = [statistics.median(values) for values in zip(*pairs, strict=True)]
        console.print(
            f"{name:<16} first word {medians[name][0]:5.2f} s   whole answer {medians[name][1]:5.2f} s"
        )
    first, whole = (a / b for a, b in zip(medians["footnote"], medians["plain LangChain"], strict=True))
    console.print(f"ratio            first word {first:5.2f}     whole answer {whole:5.2f}")
