"""One run of `add` over hostile files, with what it took."""

from __future__ import annotations

import re
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from fakes import AngleEmbedder

from ingest.limits import Limits
from ingest.pipeline import Outcome, Progress, add
from rag.library import Library

JARGON = re.compile(
    r"Traceback|\w(Error|Exception|Warning)\b|\bNone\b|NoneType|\bobject\b|0x[0-9a-f]{3}|\.py\b|errno|codec"
    r"|pdfium|lxml|zlib|markitdown|mammoth|openpyxl|expat|zipfile|traceback|charmap|[<>{}]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Met:
    """What became of one file.

    Attributes:
        outcome: as `add` tells it.
        seconds: from its turn to the next one's; more on a busy machine.
        spent: seconds of the processor that the parent spent on it meanwhile.
        memory: bytes that the parent has after it.
        text: what the library has of it.
    """

    outcome: Outcome
    seconds: float
    spent: float
    memory: int
    text: str

    @property
    def words(self) -> str:
        return self.outcome.reason or "added"


@dataclass(frozen=True, slots=True)
class Trial:
    """A whole run: each file by its path, and the parent's memory before, after and at most, in bytes."""

    met: dict[Path, Met]
    before: int
    after: int
    peak: int


class _Forgetting(AngleEmbedder):
    """Does not keep the texts that it is given."""

    def embed(self, texts: Sequence[str]):
        vectors = super().embed(texts)
        self.texts.clear()
        return vectors


def tried(
    library: Library,
    paths: Sequence[Path],
    limits: Limits,
    meanwhile: Callable[[str], None] = lambda _: None,
) -> Trial:
    """Add files to a library; `meanwhile` is called with the name of each before it is read."""
    process = psutil.Process()
    turns: list[tuple[float, float, int]] = []

    def turn(progress: Progress) -> None:
        if progress.stage == "reading":
            turns.append((time.monotonic(), time.process_time(), process.memory_info().rss))
            meanwhile(progress.name)

    library.open_index()  # its libraries take memory, whatever is read
    before = process.memory_info().rss
    outcomes = add(library, paths, _Forgetting(), limits=limits, on_progress=turn)
    turns.append((time.monotonic(), time.process_time(), process.memory_info().rss))
    ids = {document.uri: document.id for document in library.documents() if document.status == "ready"}
    met = {}
    for i, outcome in enumerate(outcomes):
        uri = outcome.path.as_uri()
        text = library.text(ids[uri]) if uri in ids else ""
        (start, before_cpu, _), (end, after_cpu, memory) = turns[i], turns[i + 1]
        met[outcome.path] = Met(outcome, end - start, after_cpu - before_cpu, memory, text)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Trial(met, before, process.memory_info().rss, peak)
