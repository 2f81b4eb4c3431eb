"""The fence, tried in processes of its own: it cannot be taken down again."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def run(code: str) -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=300)


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.socket().connect(('127.0.0.1', 9))",
        "socket.socket().connect_ex(('127.0.0.1', 9))",
        "socket.socket().bind(('127.0.0.1', 0))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
        "socket.getaddrinfo('localhost', 80)",
        "socket.gethostbyname('localhost')",
        "urllib.request.urlopen('http://127.0.0.1:9/')",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.fork()",
    ],
)
def test_network_and_programs_are_refused(attempt: str):
    code = f"""
import os, socket, subprocess, sys, urllib.request
from ingest import fence
fence.refuse_network_and_programs()
try:
    {attempt}
except OSError as error:
    print(error)
"""
    assert "is not allowed while a file is read" in run(code).stdout


def test_memory_is_bounded():
    done = run("from ingest import fence; fence.limit_memory(200_000_000); x = bytearray(300_000_000)")

    assert done.returncode == 1
    assert done.stderr.strip().endswith("MemoryError")


def test_files_cannot_be_written(tmp_path: os.PathLike[str]):
    target = os.path.join(tmp_path, "out")
    done = run(f"from ingest import fence; fence.limit_memory(10**9); open({target!r}, 'wb', 0).write(b'x')")

    assert "File too large" in done.stderr


def test_processor_time_is_counted_from_the_call():
    spend = "\nwhile time.process_time() < {}: pass\n"
    code = (
        "import time; from ingest import fence"
        + spend.format(1.2)
        + "fence.limit_cpu(0.1)"
        + spend.format(20)
    )
    done = run(code)

    assert done.returncode == -24  # SIGXCPU


def test_no_end_without_cause():
    limits = "fence.die_with_parent(os.getppid()); fence.limit_cpu(9)"

    assert run(f"import os; from ingest import fence; {limits}; print('on')").stdout == "on\n"


def test_an_orphan_ends():
    assert run("from ingest import fence; fence.die_with_parent(1 << 30); print('on')").stdout == ""
