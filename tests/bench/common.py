"""What the benchmarks share: a library of given documents, and questions."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest.pipeline import add
from rag.library import Library
from rag.models import make_embedder
from rag.settings import Settings
from rag.settings_layers import load_settings

Question = dict[str, Any]


def settings(library: Path) -> Settings:
    return load_settings({"library": library})


@contextmanager
def library_of(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the folder of a library that holds the given documents."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library"
        with Library.open(path, create=True) as library:
            outcomes = add(library, paths, make_embedder(settings(path)))
        failed = [outcome for outcome in outcomes if outcome.kind == "failed"]
        if failed:
            raise SystemExit(f"not added: {failed}")
        yield path


def questions_in(file: Path, limit: int = 0, *, answerable: bool | None = None) -> list[Question]:
    questions = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    if answerable is not None:
        questions = [question for question in questions if question["answerable"] is answerable]
    return questions[:: max(1, len(questions) // limit)][:limit] if limit else questions
