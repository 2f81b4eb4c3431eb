from __future__ import annotations

import os
import subprocess
import sys

import pytest
from filelock import FileLock

from rag.storage.holder import DOOR, HOLDER, LOCK, holding_process
from rag.storage.lock import WriterLock


def test_nobody_holds_what_was_never_locked(tmp_path) -> None:
    assert holding_process(tmp_path) is None
    (tmp_path / LOCK).touch()
    (tmp_path / HOLDER).write_text(f'{{"pid": {os.getpid()}}}')  # of a process that was killed
    assert holding_process(tmp_path) is None


def test_the_holder_is_named_while_it_holds_the_lock(tmp_path) -> None:
    lock = WriterLock(tmp_path)
    lock.acquire("a test")
    assert holding_process(tmp_path) == os.getpid()
    assert lock.held  # looking has not taken it
    lock.release()
    assert holding_process(tmp_path) is None


@pytest.mark.parametrize("signed", ["", "{", "[]", '{"pid": "x"}', '{"pid": null}', '{"pid": 99999999}'])
def test_a_holder_that_has_not_signed_is_not_named(tmp_path, signed) -> None:
    with FileLock(tmp_path / LOCK):
        (tmp_path / HOLDER).write_text(signed)
        assert holding_process(tmp_path) is None


def test_looking_does_not_keep_a_writer_out(tmp_path) -> None:
    program = (
        "import sys; from pathlib import Path; from rag.storage.holder import holding_process\n"
        "print('on', flush=True)\nwhile True: holding_process(Path(sys.argv[1]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": os.getcwd()},
    ) as looking:
        try:
            assert looking.stdout.readline() == b"on\n"
            for _ in range(50):
                lock = WriterLock(tmp_path)
                lock.acquire()
                lock.release()
        finally:
            looking.kill()


def test_the_next_writer_takes_away_the_door_of_one_that_was_killed(tmp_path) -> None:
    (tmp_path / DOOR).write_text("{}")
    lock = WriterLock(tmp_path)
    lock.acquire()
    assert not (tmp_path / DOOR).exists()
    lock.release()
