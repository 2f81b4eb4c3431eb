"""The server as a process of its own: it is ready, it ends well, it says what is wrong."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

TESTS = Path(__file__).parent.parent
PROGRAM = """
import sys
from pathlib import Path
from fakes import AngleEmbedder, WritingModel, put
from rag.assistant import Assistant
from rag.library import Library
from rag.settings import Settings
from ui.server import serve

path, port, drain_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
library, embedder = Library.open(path, create=True), AngleEmbedder()
model = WritingModel(lambda _: "A plane came. " * 3, pace=0.1)
put(library, "news", "A plane came.", embedder)
assistant = Assistant(library, embedder, model, Settings(library=path, port=port, drain_s=drain_s))
serve(assistant, assistant.settings, lambda url: print("ready", url, flush=True))
print("closed", model.closed, (path / "writer.json").exists(), flush=True)
"""


@pytest.fixture
def start(tmp_path):
    running = []

    def run(port: int = 0, drain_s: float = 0) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "library"), str(port), str(drain_s)],
            env={"PYTHONPATH": f"{TESTS}:{TESTS.parent}", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_even_with_open_streams(start, number):
    process = start()
    url = process.stdout.readline().split()[1]
    assert httpx.get(f"{url}/health", timeout=300).json()["passages"] == 1
    with httpx.stream("GET", f"{url}/gradio_api/heartbeat/abc", timeout=300) as stream:
        assert "ALIVE" in next(stream.iter_text())
        process.send_signal(number)
        assert process.stdout.readline().strip() == "closed True False"
    assert process.wait(120) == 0
    assert process.stderr.read() == ""


def test_one_that_drains_goes_on_answering_as_not_ready_and_a_second_signal_ends_it(start):
    process = start(drain_s=600)
    url = process.stdout.readline().split()[1]
    assert httpx.get(f"{url}/ready", timeout=300).status_code == 200
    process.send_signal(signal.SIGTERM)
    while (reply := httpx.get(f"{url}/ready", timeout=300)).status_code == 200:
        time.sleep(0.05)
    assert (reply.status_code, reply.json()["status"]) == (503, "draining")
    assert httpx.get(f"{url}/health", timeout=300).json()["passages"] == 1
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline().strip() == "closed True False"
    assert process.wait(120) == 0


def test_one_that_drains_finishes_the_answers_on_their_way(start):
    process = start(drain_s=600)
    url = process.stdout.readline().split()[1]
    question = {"question": "When did a plane come?", "stream": True}
    with httpx.stream("POST", f"{url}/api/v1/ask", json=question, timeout=300) as reply:
        events = (line for line in reply.iter_lines() if line.startswith("event:"))
        assert next(events) == "event: evidence"
        assert next(events) == "event: text"
        process.send_signal(signal.SIGTERM)
        assert list(events)[-1] == "event: answer"
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 0


def test_one_that_drained_ends_by_itself(start):
    process = start(drain_s=0.5)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline().strip() == "closed True False"
    assert process.wait(120) == 0


def test_a_taken_port_is_told_before_anything_is_served(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        process = start(other.getsockname()[1])
        output, errors = process.communicate(timeout=600)
    assert "ready" not in output
    assert "SettingsError: port" in errors
    assert process.returncode == 1
