"""Fresh processes: what `import rag`, `footnote ask` and `footnote chat` take to what is first seen."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console

from ingest.pipeline import add
from rag.library import Library
from rag.models import make_embedder
from tests.askers import Asker
from tests.bench.chatting import chat_over
from tests.bench.common import library_of, settings
from tests.bench.synthetic import entry

RUNS = 5
CHATS = 3
QUESTION, ANOTHER = "When did flights resume?", "Who reported that the embassy reopened?"
MANY, PER_DOCUMENT = 10_000, 20
NO_MODEL = ("--llm", "none")


def bench(console: Console, documents: Sequence[Path]) -> None:
    console.rule(f"fresh processes, medians of {RUNS}; of the chat {CHATS}")
    with library_of(documents) as path:
        _tell(console, "import rag", "done", lambda: (_python("-c", "import rag"),))
        _tell_ask(console, path)
        _tell_chat(console, path)
        _tell(console, "footnote ask, with the model", "key quotes, answer", lambda: _shown(path))
    with _larger(documents) as path:
        console.print(f"with {MANY:,} passages:")
        _tell_ask(console, path)


def _tell_ask(console: Console, path: Path) -> None:
    _tell(console, "footnote ask --stream, no model", "key quotes, whole", lambda: _streamed(path))
    _tell(
        console,
        "footnote ask --json, no model",
        "whole",
        lambda: (_python("-m", "ui.cli", "ask", QUESTION, "-l", str(path), "--json", *NO_MODEL),),
    )


def _tell_chat(console: Console, path: Path) -> None:
    _tell(
        console,
        "footnote chat, no model",
        "page, key quotes of a question asked then; all loaded, key quotes of a question asked then",
        lambda: _chatted(path),
        CHATS,
    )


def _tell(
    console: Console, what: str, ends: str, once: Callable[[], tuple[float, ...]], runs: int = RUNS
) -> None:
    once()
    times = zip(*(once() for _ in range(runs)), strict=True)
    seconds = "  ".join(f"{statistics.median(each):5.2f} s" for each in times)
    console.print(f"{what:<32} {seconds}   ({ends})")


def _python(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _streamed(path: Path) -> tuple[float, float]:
    """Return when the key quotes came, and when all was over."""
    return _heard([QUESTION, "-l", str(path), "--stream", *NO_MODEL], lambda line: bool(_quotes(line)))


def _shown(path: Path) -> tuple[float, float]:
    return _heard([QUESTION, "-l", str(path)], lambda line: "“" in line)


def _quotes(line: str) -> list[object]:
    quotes: list[object] = json.loads(line).get("quotes", [])
    return quotes


def _heard(arguments: Sequence[str], awaited: Callable[[str], bool]) -> tuple[float, float]:
    started = time.perf_counter()
    command = [sys.executable, "-u", "-m", "ui.cli", "ask", *arguments]
    first = None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if first is None and awaited(line):
                first = time.perf_counter() - started
    if process.returncode or first is None:
        raise SystemExit("footnote ask failed")
    return first, time.perf_counter() - started


def _chatted(path: Path) -> tuple[float, float, float, float]:
    """Return when the page was served, how soon key quotes then came, when all was loaded, how soon then."""
    started = time.perf_counter()
    with chat_over(path, *NO_MODEL) as url:
        httpx.get(url).raise_for_status()
        page = time.perf_counter() - started
        at_once = _quoted(url, QUESTION)
        while httpx.get(f"{url}/ready").status_code != httpx.codes.OK:
            time.sleep(0.1)
        return page, at_once, time.perf_counter() - started, _quoted(url, ANOTHER)


def _quoted(url: str, question: str) -> float:
    with Asker(url) as asker:
        seconds = asker.ask(question).quoted_s
    if seconds is None:
        raise SystemExit("the chat showed no key quotes")
    return seconds


@contextmanager
def _larger(documents: Sequence[Path]) -> Iterator[Path]:
    """Yield a library of the documents among many made ones."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library"
        embedder = make_embedder(settings(path))
        with Library.open(path, create=True) as library:
            add(library, documents, embedder)
            for number in range((MANY - len(library)) // PER_DOCUMENT):
                library.put(*entry(number, PER_DOCUMENT))
        yield path
