"""Frames to and from a process, within a time."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ingest.child import Child

ECHO = """
import sys
from ingest.child import read_frame, write_frame
while (frame := read_frame(sys.stdin.buffer)) is not None:
    write_frame(sys.stdout.buffer, frame)
"""


@contextmanager
def running(code: str) -> Iterator[Child]:
    child = Child([sys.executable, "-c", code], {"PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        yield child
    finally:
        child.stop()


def exchange(child: Child, frame: bytes, timeout_s: float = 20.0, max_reply: int = 10**8) -> bytes:
    return child.exchange([frame], timeout_s=timeout_s, max_reply=max_reply)


@pytest.mark.parametrize(
    "frame", [b"", b"x", b"\0\n" * 3_000_000], ids=["empty", "one", "larger than a pipe"]
)
def test_frames_come_back_again_and_again(frame: bytes):
    with running(ECHO) as child:
        assert [exchange(child, frame) for _ in range(2)] == [frame, frame]


def test_an_answer_that_is_not_wanted_any_more_is_not_waited_for():
    with running("import time; time.sleep(600)") as child:
        began = time.monotonic()
        with pytest.raises(InterruptedError):
            child.exchange([b"x"], timeout_s=600, max_reply=10, wanted=lambda: time.monotonic() < began + 0.3)
        assert 0.3 <= time.monotonic() - began < 300


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import time; time.sleep(600)", id="never reads"),
        pytest.param(
            "import sys; sys.stdin.buffer.read(20); import time; time.sleep(600)", id="never answers"
        ),
        pytest.param(
            "import sys, time; sys.stdout.buffer.write(b'ab'); sys.stdout.flush(); time.sleep(600)", id="half"
        ),
    ],
)
def test_waiting_has_an_end(code: str):
    with running(code) as child:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            exchange(child, b"x" * 10**6, timeout_s=0.5)
        assert time.monotonic() - began < 300


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("pass", id="ends at once"),
        pytest.param(
            "import sys; sys.stdin.buffer.read(20); sys.stdout.buffer.write(b'abc')", id="ends in a frame"
        ),
        pytest.param(
            "import sys, time; sys.stdin.buffer.read(20); sys.stdout.buffer.write(b'\\xff' * 50);"
            "sys.stdout.flush(); time.sleep(60)",
            id="promises too much",
        ),
    ],
)
def test_a_process_that_does_not_answer(code: str):
    with running(code) as child, pytest.raises(EOFError):
        exchange(child, b"x" * 10**6, max_reply=1000)


def test_the_exit_code_is_known():
    with running("import sys; sys.exit(7)") as child:
        assert child.ended() == 7


def test_stop_ends_the_process():
    child = Child([sys.executable, "-c", "import time; time.sleep(60)"], {})

    assert child.stop() == -9
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def test_ctrl_c_in_a_terminal_does_not_reach_it():
    with running(ECHO) as child:
        exchange(child, b"x")
        assert os.getpgid(child.pid) != os.getpgid(0)
