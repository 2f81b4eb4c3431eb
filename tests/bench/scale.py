"""What grows with a library: each stage of a question, changes, opening, memory, disk; beside what others do.

The texts are of our own making (`tests.bench.prose`). The first are embedded for real, the others have drawn
vectors of the same distribution (`tests.bench.drawn`); questions are real, and embedded for real. Libraries
in folders are kept in ``.cache/bench`` and grow, so that only a first run makes them.

Each figure is taken in a process of its own, on what the system has in its page cache. The library is in a
folder, or on servers (`tests.bench.places`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import plots
from tests.bench.drawn import CACHE
from tests.bench.places import ENGINES, Figures, Place
from tests.bench.synthetic import write_files

PASSAGES = (1_000, 10_000, 100_000, 1_000_000)
REAL = 20_000
"""Passages that are embedded for real."""
REAL_DOCUMENTS = 100
"""The same for the comparison of ingests, in documents."""
N_BYTES = 20_000
MADE = CACHE.parents[1] / "build" / "scale"
"""Where the table and the plots go."""


def _ms(value: float) -> str:
    return f"{1000 * value:,.0f} ms"


def _s(value: float) -> str:
    return f"{value:,.2f} s"


def _gb(value: float) -> str:
    return f"{value / 1000:,.2f} GB"


def _plain(value: float) -> str:
    return f"{value:.3f}"


ROWS: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "retrieval, p50": ("ask.retrieval.p50", _ms),
    "retrieval, p95": ("ask.retrieval.p95", _ms),
    "  embed the question, p95": ("ask.embed.p95", _ms),
    "  dense, p95": ("ask.dense.p95", _ms),
    "  lexical, p95": ("ask.lexical.p95", _ms),
    "  fuse, p95": ("ask.fuse.p95", _ms),
    "rank the sentences, p50": ("ask.rank.p50", _ms),
    "rank the sentences, p95": ("ask.rank.p95", _ms),
    "to the key quotes, p50": ("ask.quotes.p50", _ms),
    "to the key quotes, p95": ("ask.quotes.p95", _ms),
    "add a document of 20 passages, p95": ("change.add.p95", _s),
    "remove it, p95": ("change.remove.p95", _s),
    "open after a clean stop": ("come.open_s", _s),
    "open and answer the first question": ("come.first_s", _s),
    "rebuild the index": ("rebuild.rebuild_s", _s),
    "resident, the model apart": ("ask.resident_mb", _gb),
    "resident, of Chroma's server": ("servers.chroma_mb", _gb),
    "resident, of PostgreSQL": ("servers.postgresql_mb", _gb),
    "most resident in a rebuild": ("rebuild.peak_mb", _gb),
    "catalogue on disk": ("room.catalogue_mb", _gb),
    "index on disk": ("room.index_mb", _gb),
    "recall@10 against the exact scan": ("recall.recall@10", _plain),
    "recall@100 against the exact scan": ("recall.recall@100", _plain),
    "bare Chroma, k = 4, vector given, p95": ("peers.bare.p95", _ms),
    "LangChain's tutorial, k = 4, p95": ("peers.tutorial.p95", _ms),
    "resident in the tutorial's way": ("peers.tutorial_mb", _gb),
}


def bench(
    console: Console,
    documents: Sequence[int],
    passages: Sequence[int],
    n_real: int,
    engine: str,
    *,
    with_peers: bool,
) -> None:
    """Print the figures of ingests and of libraries of these sizes, and plot the latter."""
    if documents:
        _ingest(console, documents)
    if passages:
        every = {}
        for size in sorted(passages):
            with ENGINES[engine](f"{size}-{n_real}") as place:
                every[size] = _library(console, place, size, n_real, with_peers=with_peers)
        console.print(_table(every))
        folder = MADE / engine
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "figures.json").write_text(json.dumps(every, indent=1) + "\n", "utf-8")
        for file in plots.write(every, ROWS, folder):
            console.print(f"[dim]{file}")


def _library(console: Console, place: Place, size: int, n_real: int, *, with_peers: bool) -> Figures:
    """Return all figures of one library, by the measure and its name for them."""
    figures = _making(console, place, size, n_real) | _named("room", place.room())
    for measure in ("come", "ask", "recall", "change", *(["peers"] if with_peers else [])):
        console.print(f"{size:,} passages: {measure} …", end="\r")
        figures |= _measured(measure, place.library, within=place.environment)
        if measure == "ask":
            figures |= _named("servers", place.resident())
    return figures


def _making(console: Console, place: Place, size: int, n_real: int) -> Figures:
    """Make a library unless it is there, and return what that took."""
    if place.making.exists():
        kept: Figures = json.loads(place.making.read_text("utf-8"))
        return kept
    console.print(f"making a library of {size:,} passages …")
    figures = _measured("fill", place.library, size, n_real, within=place.environment)
    figures |= _measured("rebuild", place.library, within=place.environment)
    place.making.write_text(json.dumps(figures), "utf-8")
    return figures


def _table(every: Mapping[int, Figures]) -> Table:
    table = Table("passages", box=None, header_style="bold")
    for size in every:
        table.add_column(f"{size:,}", justify="right")
    for label, (name, shown) in ROWS.items():
        if all(name in figures for figures in every.values()):
            table.add_row(label, *(shown(figures[name]) for figures in every.values()))
    return table


def _ingest(console: Console, sizes: Sequence[int]) -> None:
    """Show the memory of ingests with drawn vectors, and the rate of one with the real embedder."""
    console.rule(f"ingest of documents of {N_BYTES:,} bytes, a process each")
    table = Table(box=None, header_style="bold")
    for heading in (
        "documents", "vectors", "passages", "stored", "indexed",
        "MiB before", "until stored", "until indexed", "of the parser",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    peaks, grown = [], []
    for size, embedder in [*((size, "drawn") for size in sizes), (min(REAL_DOCUMENTS, sizes[0]), "real")]:
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder) / "files"
            write_files(files, size, N_BYTES)
            found = _measured("ingest", Path(folder) / "library", files, embedder)
        figures = {name.removeprefix("ingest."): value for name, value in found.items()}
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


def _measured(measure: str, *arguments: object, within: Mapping[str, str] | None = None) -> Figures:
    command = [sys.executable, "-m", "tests.bench.scale_child", measure, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=within)
    return _named(measure, json.loads(done.stdout))


def _named(measure: str, figures: Figures) -> Figures:
    return {f"{measure}.{name}": value for name, value in figures.items()}
