"""`footnote ask` in a fresh process: seconds to the first key quote, and as a whole."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.bench.common import library_of

RUNS = 5
QUESTION = "When did flights resume?"


def bench(console: Console, documents: Sequence[Path]) -> None:
    with library_of(documents) as path:
        _once(path)
        times = [_once(path) for _ in range(RUNS)]
    first, whole = (statistics.median(values) for values in zip(*times, strict=True))
    console.rule(f"footnote ask in a fresh process, median of {RUNS}")
    console.print(f"first key quote  {first:5.2f} s   whole answer {whole:5.2f} s")


def _once(path: Path) -> tuple[float, float]:
    started = time.perf_counter()
    command = [sys.executable, "-u", "-m", "ui.cli", "ask", QUESTION, "-l", str(path)]
    first = None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if first is None and "“" in line:
                first = time.perf_counter() - started
    if process.returncode or first is None:
        raise SystemExit("footnote ask failed")
    return first, time.perf_counter() - started
