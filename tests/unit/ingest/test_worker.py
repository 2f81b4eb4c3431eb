"""The worker: files read in a real child process, its limits, and what happens when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.child import Child
from ingest.limits import Limits
from ingest.worker import Worker
from rag.errors import BrokenDocument, EmptyDocument, LimitExceeded, LoadError, UnknownFormat

QUICK = Path("words.txt")
SLOW = Path("slow.html")
SLOW_PAGE = b"".join(
    b"<p>Paragraph %d of a page that is long and has words in it.</p>" % i for i in range(40_000)
)


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker() as worker:
        yield worker


def gone(pid: int) -> bool:
    for _ in range(1200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def kill_soon(worker: Worker, number: int, after_s: float) -> threading.Thread:
    """Send a signal to the child while it reads."""

    def kill() -> None:
        deadline = time.monotonic() + 120
        while worker.pid is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(after_s)
        os.kill(worker.pid or 0, number)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_files_are_read_by_one_child(worker: Worker, tmp_path: Path):
    path = tmp_path / "guide.md"
    path.write_text("# Piers\n\nwords – ünïcode 𝐀\n")
    text = worker.load(path)
    pid = worker.pid

    assert (text.text, text.title, text.media_type) == (path.read_text(), "Piers", "text/markdown")
    assert [(mark.start, mark.level, mark.title) for mark in text.headings] == [(0, 1, "Piers")]
    assert worker.load(QUICK, b"more words").text == "more words"
    assert worker.pid == pid


def test_the_child_is_gone_after_close():
    worker = Worker()
    assert worker.pid is None
    worker.load(QUICK, b"words")
    pid = worker.pid
    worker.close()
    worker.close()

    assert pid is not None
    assert gone(pid)
    assert worker.pid is None


def test_sigterm_is_for_the_parent(worker: Worker, tmp_path: Path):
    (tmp_path / "a.txt").write_text("Zebras run.")
    worker.load(tmp_path / "a.txt")
    before = worker.pid
    os.kill(before, signal.SIGTERM)
    assert worker.load(tmp_path / "a.txt").text == "Zebras run."
    assert worker.pid == before


def test_a_refused_file_leaves_the_child_as_it_is(worker: Worker):
    worker.load(QUICK, b"words")
    pid = worker.pid
    with pytest.raises(EmptyDocument, match=r"^words\.txt: the file is empty"):
        worker.load(QUICK, b"")
    with pytest.raises(BrokenDocument, match=r"^a\.pdf: the PDF is damaged"):
        worker.load(Path("a.pdf"), b"%PDF-1.4")

    assert worker.pid == pid


def test_unknown_formats_need_no_child(worker: Worker):
    with pytest.raises(UnknownFormat, match=r"^song\.mp3: "):
        worker.load(Path("song.mp3"))
    assert worker.pid is None


@pytest.mark.parametrize("by_path", [True, False])
def test_a_file_that_is_too_large(tmp_path: Path, by_path: bool):
    path = tmp_path / "large.txt"
    path.write_bytes(b"x" * 1_000_001)
    with Worker(Limits(max_file_mb=1)) as worker:
        with pytest.raises(LimitExceeded, match=r"^large\.txt: it is larger than 1 MB; split it"):
            worker.load(path, None if by_path else path.read_bytes())
        assert worker.pid is None


def test_paths_that_cannot_be_read(worker: Worker, tmp_path: Path):
    with pytest.raises(LoadError, match=r"^none\.txt: it cannot be opened \(no such file"):
        worker.load(tmp_path / "none.txt")
    folder = tmp_path / "folder.txt"
    folder.mkdir()
    with pytest.raises(LoadError, match=r"^folder\.txt: it cannot be opened \(is a directory"):
        worker.load(folder)


def test_a_named_pipe_is_not_waited_for(worker: Worker, tmp_path: Path):
    path = tmp_path / "pipe.txt"
    os.mkfifo(path)
    with pytest.raises(LoadError, match=r"^pipe\.txt: it is not a regular file"):
        worker.load(path)


@pytest.mark.parametrize(
    ("limits", "path", "data", "words"),
    [
        pytest.param(Limits(load_timeout_s=0.01), QUICK, b"words", r"takes more than 0\.01 s", id="time"),
        pytest.param(
            Limits(load_memory_mb=143, max_characters=10**9),
            QUICK,
            b"w" * 60_000_000,
            "too much memory",
            id="memory",
        ),
        pytest.param(
            Limits(load_memory_mb=1, max_characters=10**9),
            QUICK,
            b"w" * 60_000_000,
            "too much memory",
            id="no memory",
        ),
        pytest.param(Limits(max_characters=5), QUICK, b"123456", "more than 5 characters of text", id="text"),
    ],
)
def test_limits(limits: Limits, path: Path, data: bytes, words: str):
    with Worker(limits) as worker:
        with pytest.raises(LimitExceeded, match=rf"^{path}: .*{words}.*; split"):
            worker.load(path, data)
        assert worker.pid is None


@pytest.mark.parametrize(
    ("limits", "data"),
    [
        pytest.param(Limits(load_memory_mb=143, max_characters=10**9), b"w" * 60_000_000, id="memory"),
        pytest.param(Limits(max_characters=5), b"123456", id="text"),
    ],
)
def test_the_next_file_is_read_by_a_new_child(limits: Limits, data: bytes):
    with Worker(limits) as worker:
        worker.load(QUICK, b"abc")
        pid = worker.pid
        with pytest.raises(LimitExceeded):
            worker.load(QUICK, data)

        assert worker.load(QUICK, b"abc").text == "abc"
        assert worker.pid != pid


def test_a_file_that_crashes_the_child_is_named_and_the_child_replaced(worker: Worker):
    thread = kill_soon(worker, signal.SIGSEGV, 0.3)
    with pytest.raises(BrokenDocument, match=r"^slow\.html: it crashes the reader \(signal 11\)"):
        worker.load(SLOW, SLOW_PAGE)
    thread.join()

    assert worker.load(QUICK, b"words").text == "words"


def test_a_child_that_the_system_kills_had_too_much_memory(worker: Worker):
    thread = kill_soon(worker, signal.SIGKILL, 0.3)
    with pytest.raises(LimitExceeded, match=r"^slow\.html: reading it takes too much memory"):
        worker.load(SLOW, SLOW_PAGE)
    thread.join()


def test_a_file_that_spends_its_processor_time_is_told_so(worker: Worker):
    thread = kill_soon(worker, signal.SIGXCPU, 0.3)
    with pytest.raises(LimitExceeded, match=r"^slow\.html: .* more than 30 s; .*'load_timeout_s'"):
        worker.load(SLOW, SLOW_PAGE)
    thread.join()


def test_a_file_is_not_blamed_for_a_child_that_others_have_used(worker: Worker):
    worker.load(QUICK, b"words")
    thread = kill_soon(worker, signal.SIGSEGV, 0.3)
    text = worker.load(SLOW, SLOW_PAGE)
    thread.join()

    assert "Paragraph 39999 of" in text.text


def test_a_child_that_died_between_two_files_is_replaced(worker: Worker):
    worker.load(QUICK, b"words")
    pid = worker.pid or 0
    os.kill(pid, signal.SIGKILL)

    assert worker.load(QUICK, b"more words").text == "more words"
    assert worker.pid != pid


def test_threads_take_turns(worker: Worker):
    results: dict[int, str] = {}

    def read(number: int) -> None:
        results[number] = worker.load(QUICK, f"words of {number}".encode()).text

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == {number: f"words of {number}" for number in range(8)}


def test_the_child_dies_with_its_parent():
    code = """
import os, pathlib
from ingest.worker import Worker
worker = Worker()
worker.load(pathlib.Path("words.txt"), b"words")
print(worker.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=300)

    assert gone(int(done.stdout))


def test_the_child_knows_no_secrets(worker: Worker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FOOTNOTE_LLM_API_KEY", "do-not-tell")
    seen: list[dict[str, str]] = []

    def start(command: list[str], env: dict[str, str]) -> Child:
        seen.append(env)
        return Child(command, env)

    monkeypatch.setattr("ingest.fenced.Child", start)
    worker.load(QUICK, b"words")

    assert "do-not-tell" not in "".join(seen[0].values())
    assert seen[0]["OMP_NUM_THREADS"] == "1"


def test_what_libraries_print_does_not_disturb():
    code = """
import os, sys
from ingest import worker
from rag.types import Text
def noisy(data, name, limits, scans):
    print("noise")
    os.write(1, b"more noise")
    sys.stdin.read()
    return Text(data.decode(), "text/plain")
worker.load = noisy
worker.main(sys.argv[1])
"""
    options = f'{{"memory_bytes": {1 << 30}, "parent": {os.getpid()}}}'
    child = Child([sys.executable, "-c", code, options], {"PYTHONPATH": os.pathsep.join(sys.path)})
    header = b'{"name": "a.txt", "limits": {}, "scans": "refuse"}'
    try:
        replies = [child.exchange([header, b"words"], timeout_s=20, max_reply=10**6) for _ in range(2)]
    finally:
        child.stop()

    assert replies == [b'{"text": "words", "title": null, "pages": [], "headings": []}'] * 2


def test_a_file_that_is_not_wanted_any_more_costs_the_child_and_no_time(worker: Worker):
    worker.load(Path("a.txt"), b"words")
    pid = worker.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)  # as one that reads for ever
    began = time.monotonic()
    with pytest.raises(InterruptedError):
        worker.load(Path("b.txt"), b"more", wanted=lambda: time.monotonic() < began + 0.2)
    assert time.monotonic() - began < 20  # of the 30 seconds that a file may take
    assert worker.pid is None
    assert worker.load(Path("c.txt"), b"the next").text == "the next"
