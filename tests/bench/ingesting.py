"""Ingest against the plain LangChain way: the same texts, whole processes, everything included."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ingest.load import load
from rag.model_files.artifacts import EMBEDDER
from rag.model_files.fetching import ensure
from rag.settings_layers import load_settings

COPIES = 48


def corpus(documents: Sequence[Path], folder: Path, copies: int = COPIES) -> int:
    """Write shuffled copies of the documents' paragraphs as text files; return how many characters."""
    shuffle = random.Random(7).shuffle  # noqa: S311 - no secret
    total = 0
    for file in (file for path in documents for file in sorted(path.iterdir())):
        paragraphs = [p for p in load(file.read_bytes(), file.name).text.split("\n\n") if p.strip()]
        for copy in range(copies):
            shuffle(paragraphs)
            text = f"Copy {copy} of {file.stem}.\n\n" + "\n\n".join(paragraphs)
            total += len(text)
            (folder / f"{file.stem}-{copy:02}.txt").write_text(text, "utf-8")
    return total


def bench(console: Console, documents: Sequence[Path]) -> None:
    model = ensure(EMBEDDER, load_settings())
    with tempfile.TemporaryDirectory() as at:
        texts, ours, theirs = (Path(at) / name for name in ("texts", "ours", "theirs"))
        texts.mkdir()
        n_chars = corpus(documents, texts)
        started = time.perf_counter()
        command = [sys.executable, "-m", "ui.cli"]
        subprocess.run([*command, "add", str(texts), "-l", str(ours)], check=True, stdout=subprocess.DEVNULL)
        footnote_s = time.perf_counter() - started
        listed = subprocess.run(
            [*command, "list", "--json", "-l", str(ours)], check=True, capture_output=True
        )
        n_passages = sum(document["n_passages"] for document in json.loads(listed.stdout))
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.plain", str(texts), str(model), str(theirs)],
            check=True,
            stdout=subprocess.PIPE,
            env=os.environ | {"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"},
        )
        plain_s = time.perf_counter() - started
        n_chunks = int(done.stdout.split()[0])
    console.rule(f"ingest of {n_chars:,} characters, whole processes")
    for name, count, seconds in (
        ("footnote", n_passages, footnote_s),
        ("plain LangChain", n_chunks, plain_s),
    ):
        console.print(
            f"{name:<16} {seconds:6.1f} s  {count:5} passages  {count / seconds:6.1f} passages/s  "
            f"{n_chars / seconds:9,.0f} characters/s"
        )
    ratio = (n_passages / footnote_s) / (n_chunks / plain_s)
    console.print(f"ratio            {ratio:.2f} in passages/s, {plain_s / footnote_s:.2f} in characters/s")
