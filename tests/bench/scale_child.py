"""What `tests.bench.scale` measures, each in a process of its own; the figures go to standard output."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from ingest.pipeline import Progress, add
from rag.artifacts import EMBEDDER
from rag.assistant import EXACT_LIMIT
from rag.errors import LibraryInUse
from rag.fetching import ensure
from rag.followup import FollowUp
from rag.library import Library
from rag.models import Embedder, make_embedder
from rag.search import search
from rag.settings import load_settings
from tests.bench.synthetic import PASSAGE_WORDS, WORDS, HashEmbedder, entry, put_entries, sentences

RUNS = 7
PER_DOCUMENT = 20
SMALL = 5
"""Passages of the document that is added and removed."""
K = 6
NEW = 10_000_000
"""Number of the first document that is not in the library yet."""

Figures = dict[str, float]
own = psutil.Process()


def ingest(library: Path, files: Path, embedder: str) -> Figures:
    """Add a folder: peaks of memory in MiB, of reading to storing and of the whole; seconds of both."""
    settings = load_settings({"library": library})
    real = make_embedder(settings)
    real.warm()
    made: Embedder = real if embedder == "real" else HashEmbedder(ensure(EMBEDDER, settings))
    made.embed(["what is imported at the first call"])
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # loading the model had a peak of its own
    figures: Figures = {"before": peak(), "parser": 0.0}
    started = time.perf_counter()

    def on_progress(progress: Progress) -> None:
        if progress.stage == "indexing":
            figures.update(stored=peak(), stored_s=time.perf_counter() - started)
        elif progress.done % 20 == 19:
            figures["parser"] = max(map(peak, own.children()), default=0.0)

    with Library.open(library, create=True) as opened:
        outcomes = add(opened, [files], made, on_progress=on_progress)
        figures["passages"] = len(opened)
    if any(outcome.kind != "added" for outcome in outcomes):
        raise SystemExit("not all were added")
    return figures | {"whole": peak(), "whole_s": time.perf_counter() - started}


def fill(library: Path, n_passages: int) -> Figures:
    """Make a library: seconds of putting all documents, of making the index, and of closing."""
    with Library.open(library, create=True) as opened:
        started = time.perf_counter()
        for _ in put_entries(opened, n_passages // PER_DOCUMENT, PER_DOCUMENT):
            pass
        put = time.perf_counter()
        opened.open_index()
        indexed = time.perf_counter()
    return {
        "put_s": put - started,
        "index_s": indexed - put,
        "close_s": time.perf_counter() - indexed,
        "peak": peak(),
    }


def stay_open(library: Path) -> Figures:
    """Time what is done to a library that is open with its index; resident memory in MiB."""
    embedder = HashEmbedder()
    search_in_nothing()
    before = resident()
    opened, open_s = timed(lambda: Library.open(library))
    with opened:
        _, index_s = timed(opened.open_index)
        memory = resident()
        removed = [entry(NEW + run, SMALL)[0].id for run in range(RUNS)]
        figures = {
            "open_s": open_s,
            "open_index_s": index_s,
            "memory": memory,
            "memory_before": before,
            "add_s": median(lambda run: opened.put(*entry(NEW + run, SMALL))),
            "remove_s": median(lambda run: opened.remove(removed[run])),
            "find_s": median(lambda run: search(opened, embedder, FollowUp(question(run)), K)),
        }
        started = time.perf_counter()
    return figures | {"close_s": time.perf_counter() - started}


def come_and_ask(library: Path) -> Figures:
    """Time opening a library as `footnote ask` does, a search, and closing, after all imports."""
    search_in_nothing()
    started = time.perf_counter()
    with Library.open(library) as opened:
        if len(opened) > EXACT_LIMIT:
            with suppress(LibraryInUse):  # as `rag.assistant` does: then the exact scan answers
                opened.open_index()
        search(opened, HashEmbedder(), FollowUp(question(0)), K)
        found = time.perf_counter()
    return {"found_s": found - started, "closed_s": time.perf_counter() - started}


def ask_beside(library: Path) -> Figures:
    """Time `come_and_ask` while another process holds the library to write."""
    with Library.open(library) as opened:
        opened.lock()
        command = [sys.executable, "-m", "tests.bench.scale_child", "ask", str(library)]
        figures: Figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return figures


def add_one(library: Path) -> Figures:
    """Time what `footnote add` does for one more file: opening, adding, the index, closing."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one-more.txt"
        file.write_text(sentences(np.random.default_rng(NEW), SMALL * PASSAGE_WORDS), "utf-8")
        embedder = HashEmbedder(ensure(EMBEDDER, load_settings()))
        search_in_nothing()
        started = time.perf_counter()
        with Library.open(library) as opened:
            outcomes = add(opened, [file], embedder)
        whole = time.perf_counter() - started
        if [outcome.kind for outcome in outcomes] != ["added"]:
            raise SystemExit(f"not added: {outcomes}")
    return {"whole_s": whole}


def remove_one(library: Path) -> Figures:
    """Time what `footnote remove` does for one document: opening, finding it, removing, closing."""
    started = time.perf_counter()
    with Library.open(library) as opened:
        opened.remove(opened.find("one-more.txt").id)
    return {"whole_s": time.perf_counter() - started}


def question(run: int) -> str:
    """Return a question of a frequent word, a less frequent one, and a rare one."""
    frequent, middle, rare = (WORDS[at * (run + 1)] for at in (3, 200, 2000))
    return f"When did {frequent} tell the {middle} of {rare}?"


def search_in_nothing() -> None:
    """Import all that a search needs, Chroma included: its time is not the library's."""
    with tempfile.TemporaryDirectory() as folder, Library.open(folder, create=True) as opened:
        opened.require(HashEmbedder.fingerprint)
        opened.put(*entry(0, 1))
        opened.open_index()
        search(opened, HashEmbedder(), FollowUp(question(0)), K)


def timed(act: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    made = act()
    return made, time.perf_counter() - started


def median(act: Callable[[int], object]) -> float:
    return statistics.median(timed(partial(act, run))[1] for run in range(RUNS))


def peak(process: psutil.Process = own) -> float:
    """Return the largest resident memory of a process so far, in MiB.

    Not by getrusage: its maximum is at least what the parent had when it started the process.
    """
    status = Path(f"/proc/{process.pid}/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def resident() -> float:
    """Return the resident memory of this process, in MiB."""
    return own.memory_info().rss / 2**20


MEASURES: dict[str, Callable[..., Figures]] = {
    "ingest": lambda library, files, embedder: ingest(Path(library), Path(files), embedder),
    "fill": lambda library, n_passages: fill(Path(library), int(n_passages)),
    "open": lambda library: stay_open(Path(library)),
    "ask": lambda library: come_and_ask(Path(library)),
    "beside": lambda library: ask_beside(Path(library)),
    "add": lambda library: add_one(Path(library)),
    "remove": lambda library: remove_one(Path(library)),
}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(MEASURES[sys.argv[1]](*sys.argv[2:])))
