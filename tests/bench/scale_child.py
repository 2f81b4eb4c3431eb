"""What `tests.bench.scale` measures, each in a process of its own; the figures go to standard output."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from ingest.pipeline import Progress, add
from rag.assistant import Assistant
from rag.library import Library
from rag.maintenance.temporary import temporary_catalog
from rag.model_files.artifacts import EMBEDDER
from rag.model_files.fetching import ensure
from rag.models import Embedder, make_embedder
from rag.retrieval.followup import FollowUp
from rag.retrieval.search import search
from rag.settings import Settings
from rag.settings_layers import load_settings
from tests.bench import prose
from tests.bench.drawn import PER_DOCUMENT, Vectors, real_vectors
from tests.bench.synthetic import HashEmbedder, entry

QUESTIONS, WARMING = 60, 8
CHANGES = 15
NEAREST = (10, 100)
K = 6
NEW = 10_000_000
"""Number of the first document that is not in the library yet."""
RETRIEVAL = ("embed", "dense", "lexical", "fuse")
"""Stages of a search up to its passages; then the sentences are ranked."""

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


def fill(settings: Settings, n_passages: int, n_real: int) -> Figures:
    """Make a library without its index, or go on with one: seconds of putting its documents, and how many."""
    vectors = Vectors(real_vectors(n_real))
    started = time.perf_counter()
    with Library.of(settings.model_copy(update={"chroma": None}), create=True) as opened:
        opened.require(make_embedder(settings).fingerprint)
        there = len(opened) // PER_DOCUMENT
        for number in range(there, n_passages // PER_DOCUMENT):
            opened.put(*entry(number, vectors.of(number)))
    return {"put_s": time.perf_counter() - started, "put": n_passages - there * PER_DOCUMENT}


def rebuild(settings: Settings) -> Figures:
    """Make the index from the catalogue: seconds of that and of closing, most memory in MB."""
    with Library.of(settings) as opened:
        started = time.perf_counter()
        opened.rebuild_index(tell)
        done = time.perf_counter()
        opened.close()
        closed = time.perf_counter()
    return {
        "rebuild_s": done - started,
        "close_s": closed - done,
        "peak_mb": peak() * 1.048576,
    }


def ask(settings: Settings) -> Figures:
    """Ask an open library: seconds of each stage at p50 and p95, and memory after it."""
    figures: Figures = {}
    with asked(settings) as assistant:
        assistant.warm()
        numbers = documents(assistant.library)
        questions = [prose.question_about(number) for number in numbers]
        for question in questions[:WARMING]:
            evidence_s(assistant, question)
        rows = [evidence_s(assistant, question) for question in questions[WARMING:]]
        figures["resident_mb"] = own.memory_info().rss / 1e6
    for name in rows[0]:
        values = [row[name] for row in rows]
        figures |= {f"{name}.p50": quantile(values, 50), f"{name}.p95": quantile(values, 95)}
    return figures


def change(settings: Settings) -> Figures:
    """Add documents of 20 passages to an open library by the real embedder, and remove them: p95 of each."""
    added, removed = [], []
    with asked(settings) as assistant, tempfile.TemporaryDirectory() as folder:
        assistant.warm()
        for number in range(NEW, NEW + CHANGES):
            file = Path(folder) / f"report-{number}.txt"
            file.write_text("\n\n".join(prose.passages_of(number, PER_DOCUMENT)), "utf-8")
            outcomes, seconds = timed(lambda at=file: add(assistant.library, [at], assistant.embedder))
            added.append(seconds)
            if [outcome.kind for outcome in outcomes] != ["added"]:
                raise SystemExit(f"not added: {outcomes}")
            found = assistant.library.find(file.name).id
            removed.append(timed(lambda at=found: assistant.library.remove(at))[1])
    return {
        "add.p50": quantile(added, 50),
        "add.p95": quantile(added, 95),
        "remove.p95": quantile(removed, 95),
    }


def come(settings: Settings) -> Figures:
    """Open a library that was closed cleanly and answer a first question, after all imports."""
    question = prose.question_about(7)
    with tempfile.TemporaryDirectory() as folder, temporary_catalog(settings.at(Path(folder))) as small:
        fill(small, PER_DOCUMENT, PER_DOCUMENT)
        with asked(small) as assistant:  # imports are not the library's
            assistant.library.open_index()
            assistant.ask(question)
    started = time.perf_counter()
    with asked(settings) as assistant:
        opened = time.perf_counter()
        assistant.ask(question)
        answered = time.perf_counter()
    return {"open_s": opened - started, "first_s": answered - started}


def recall(settings: Settings) -> Figures:
    """Compare the index with the exact scan: share of the true nearest passages that it finds."""
    figures: Figures = {}
    with asked(settings) as assistant:
        assistant.library.open_index()
        vectors = assistant.embedder.embed([prose.question_about(n) for n in documents(assistant.library)])
        truth = exact(assistant.library, vectors, max(NEAREST))
        for k in NEAREST:
            found = [{i for i, _ in assistant.library.search_dense(each, k)} for each in vectors]
            same = [len(here & set(there[:k])) for here, there in zip(found, truth, strict=True)]
            figures[f"recall@{k}"] = sum(same) / (k * len(vectors))
    return figures


def exact(library: Library, vectors: np.ndarray, k: int) -> list[list[str]]:
    """Return the ids of the `k` nearest passages of each vector, best first, a part of them at a time."""
    ids = library.catalog.passage_ids()
    best: list[list[tuple[float, str]]] = [[] for _ in vectors]
    for at in range(0, len(ids), 20_000):
        some, matrix = library.catalog.vectors(ids[at : at + 20_000])
        for row, cosines in enumerate((matrix @ vectors.T).T):
            near = np.argpartition(-cosines, min(k, len(some) - 1))[:k]
            best[row] = sorted([*best[row], *((float(cosines[i]), some[i]) for i in near)], reverse=True)[:k]
    return [[key for _, key in row] for row in best]


def peers(settings: Settings) -> Figures:
    """Put the same passages in Chroma as LangChain's tutorial does, and ask both that and bare Chroma."""
    from langchain_chroma import Chroma
    from langchain_huggingface import HuggingFaceEmbeddings

    embeddings = HuggingFaceEmbeddings(model_name=str(ensure(EMBEDDER, settings)))
    with Library.of(settings) as opened, tempfile.TemporaryDirectory() as folder:
        store = Chroma(embedding_function=embeddings, persist_directory=folder)
        ids = opened.catalog.passage_ids()
        for at in range(0, len(ids), 4000):
            some, matrix = opened.catalog.vectors(ids[at : at + 4000])
            texts = opened.catalog.passages(some)
            store._collection.add(
                ids=some,
                embeddings=matrix,
                documents=[texts[each].text for each in some],
                metadatas=[{"source": texts[each].uri} for each in some],
            )
        questions = [prose.question_about(number) for number in documents(opened)]
        vectors = embeddings.embed_documents(questions)
        bare = [timed(lambda v=v: store._collection.query([v], n_results=4))[1] for v in vectors]
        whole = [timed(lambda q=q: store.similarity_search(q, k=4))[1] for q in questions]
        memory = own.memory_info().rss / 1e6
    return {
        "bare.p50": quantile(bare[WARMING:], 50),
        "bare.p95": quantile(bare[WARMING:], 95),
        "tutorial.p50": quantile(whole[WARMING:], 50),
        "tutorial.p95": quantile(whole[WARMING:], 95),
        "tutorial_mb": memory,
    }


@contextmanager
def asked(settings: Settings) -> Iterator[Assistant]:
    with Assistant.open(settings=settings) as assistant:
        yield assistant


def documents(library: Library) -> list[int]:
    """Return the numbers of the documents that are asked about, spread over the library."""
    count = len(library) // PER_DOCUMENT
    return [at * count // (QUESTIONS + WARMING) for at in range(QUESTIONS + WARMING)]


def evidence_s(assistant: Assistant, question: str) -> Figures:
    """Return the seconds of each stage of a search, of retrieval and of the whole."""
    evidence, whole = timed(lambda: search(assistant.library, assistant.embedder, FollowUp(question), K))
    seconds = {name: evidence.seconds.get(name, 0.0) for name in (*RETRIEVAL, "rank")}
    return seconds | {"retrieval": sum(seconds[name] for name in RETRIEVAL), "quotes": whole}


def timed(act: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    made = act()
    return made, time.perf_counter() - started


def quantile(values: list[float], percent: float) -> float:
    return float(np.percentile(values, percent))


def peak(process: psutil.Process = own) -> float:
    """Return the largest resident memory of a process so far, in MiB.

    Not by getrusage: its maximum is at least what the parent had when it started the process.
    """
    status = Path(f"/proc/{process.pid}/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def tell(done: int, total: int) -> None:
    sys.stderr.write(f"\r  index {done:,} of {total:,}")


def of(library: str) -> Settings:
    """Return the settings of a library; where its servers are is in the environment."""
    return load_settings({"library": Path(library), "llm": "none"})


MEASURES: dict[str, Callable[..., Figures]] = {
    "ingest": lambda library, files, embedder: ingest(Path(library), Path(files), embedder),
    "fill": lambda library, n_passages, n_real: fill(of(library), int(n_passages), int(n_real)),
} | {
    each.__name__: lambda library, act=each: act(of(library))
    for each in (rebuild, ask, change, come, recall, peers)
}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(MEASURES[sys.argv[1]](*sys.argv[2:])))
