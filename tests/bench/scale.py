"""What grows with a library and what does not: memory of an ingest, time of single operations.

The texts are of our own making. Embedding 10,000 documents would take hours on two cores, so that their
vectors are drawn from the hashes of the passages; the real tokenizer cuts them, and the parsing child, the
catalogue and Chroma are the real ones. The real embedder is loaded beside, as in any ingest, and one ingest
with it tells the real rate. Random directions are the worst that an HNSW graph can be given.

Each figure is taken in a process of its own, on what the system has in its page cache.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.scale_child import RUNS, SMALL
from tests.bench.synthetic import write_files

DOCUMENTS = "100,1000,10000"
PASSAGES = "10000,50000,100000"
REAL = 100
"""Documents that the real embedder embeds."""
N_BYTES = 20_000

Figures = Mapping[str, float]


def bench(console: Console, documents: str = DOCUMENTS, passages: str = PASSAGES) -> None:
    if documents:
        _ingest(console, _numbers(documents))
    if passages:
        _libraries(console, _numbers(passages))


def _ingest(console: Console, sizes: Sequence[int]) -> None:
    console.rule(f"ingest of documents of {N_BYTES:,} bytes, a process each")
    table = Table(box=None, header_style="bold")
    for heading in (
        "documents", "vectors", "passages", "stored", "indexed",
        "MiB before", "until stored", "until indexed", "of the parser",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    peaks, grown = [], []
    for size, embedder in [*((size, "drawn") for size in sizes), (min(REAL, sizes[0]), "real")]:
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder) / "files"
            write_files(files, size, N_BYTES)
            figures = _measured("ingest", Path(folder) / "library", files, embedder)
        if embedder == "drawn":
            peaks.append(figures["stored"])
            grown.append(f"{figures['stored'] - figures['before']:,.0f}")
        seconds = (figures["stored_s"], figures["whole_s"] - figures["stored_s"])
        table.add_row(
            f"{size:,}",
            embedder,
            f"{figures['passages']:,.0f}",
            *(f"{figures['passages'] / each:,.0f}/s" for each in seconds),
            *(f"{figures[name]:,.0f}" for name in ("before", "stored", "whole", "parser")),
        )
    console.print(table)
    console.print(
        f"until all is stored, memory grows by {', '.join(grown)} MiB, and its highest peak is "
        f"{max(peaks) / min(peaks):.2f} of the lowest; Chroma, opened then, holds all vectors in memory"
    )


ROWS = {
    "passages put in the catalogue, a second": ("put/s", "{:,.0f}"),
    "passages put in the index, a second": ("index/s", "{:,.0f}"),
    "resident, open without the index, MiB": ("open.memory_before", "{:,.0f}"),
    "resident, open with the index, MiB": ("open.memory", "{:,.0f}"),
    "open the library": ("open.open_s", ""),
    "open its index": ("open.open_index_s", ""),
    f"add a document of {SMALL} passages": ("open.add_s", ""),
    f"remove a document of {SMALL} passages": ("open.remove_s", ""),
    "find passages for a question": ("open.find_s", ""),
    "close it with its index": ("open.close_s", ""),
    "from nothing: open and find": ("ask.found_s", ""),
    "from nothing: open, add a file, close": ("add.whole_s", ""),
    "from nothing: open, remove a file, close": ("remove.whole_s", ""),
    "from nothing: open after a removal and find": ("again.found_s", ""),
    "from nothing: open while another writes, and find": ("beside.found_s", ""),
}


def _libraries(console: Console, sizes: Sequence[int]) -> None:
    console.rule(f"libraries of random vectors, medians of {RUNS} where a library stays open")
    every = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            every.append(_library(Path(folder) / "library", size))
    table = Table("", box=None, header_style="bold")
    for size in sizes:
        table.add_column(f"{size:,}", justify="right")
    table.add_column("last / first", justify="right")
    for label, (name, form) in ROWS.items():
        values = [figures[name] for figures in every]
        shown = [form.format(value) if form else f"{1000 * value:,.1f} ms" for value in values]
        table.add_row(label, *shown, f"{values[-1] / values[0]:.1f}")
    console.print(table)


def _library(path: Path, size: int) -> Figures:
    """Return all figures of one library, by the measure and its name for them."""
    filled = _measured("fill", path, size)
    found = {"put/s": size / filled["put_s"], "index/s": size / filled["index_s"]}
    for name, measure in (
        ("open", "open"),
        ("ask", "ask"),
        ("add", "add"),
        ("remove", "remove"),
        ("again", "ask"),
        ("beside", "beside"),
    ):
        found |= {f"{name}.{key}": value for key, value in _measured(measure, path).items()}
    return found


def _measured(measure: str, *arguments: object) -> Figures:
    command = [sys.executable, "-m", "tests.bench.scale_child", measure, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def _numbers(listed: str) -> list[int]:
    return [int(each) for each in listed.split(",")]
