"""The life of the child process, with one that serves no model; the real one is in the integration tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rag.errors import ModelUnavailable
from rag.llm import local_llm
from rag.llm.local_llm import SPIN, LocalLLM
from rag.llm.local_llm_child import READY

SERVES = f"""
import http.server, json, sys, threading
order = json.loads(sys.stdin.buffer.readline())
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("chatter before")
print({READY!r} + json.dumps({{"address": "http://127.0.0.1:%d" % server.server_port}}), flush=True)
print("chatter after" * 10_000, flush=True)
open(order["model"], "w").write(json.dumps({{"order": order, "argv": sys.argv, "path": sys.path}}))
sys.stdin.read()
"""
FAILS = """
import sys
print("0.00.003 I loading", "0.00.004 E load: the file is not a model", "0.00.005 E init: exiting", sep="\\n")
sys.exit("Traceback: something else")
"""
DIES_SILENTLY = "import os, sys; sys.stdin.buffer.readline(); os._exit(1)"
NEVER_READY = "import sys; sys.stdin.read()"
IGNORES_SIGTERM = f"""
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
{SERVES.replace("sys.stdin.read()", "signal.pause()")}
"""


@pytest.fixture
def make(monkeypatch, tmp_path):
    """Return a function from a child's code to a `LocalLLM` that runs it."""
    made: list[LocalLLM] = []

    def build(code: str, *, start_s: float = 120) -> LocalLLM:
        (tmp_path / "child.py").write_text(code)
        monkeypatch.setattr(local_llm, "CHILD", tmp_path / "child.py")
        made.append(LocalLLM(tmp_path / "model.gguf", 2048, 3, 2, start_s=start_s))
        return made[-1]

    yield build
    for llm in made:
        llm.close()


def gone(pid: int, seconds: float = 60) -> bool:
    """Wait until a process has ended; one that nobody has waited for yet counts as ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def wait_for(path: Path) -> dict:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.exists() and path.read_text():
            return json.loads(path.read_text())
        time.sleep(0.02)
    raise AssertionError(f"no {path}")


def test_it_starts_once_and_ends_when_told(make) -> None:
    llm = make(SERVES)
    assert llm.pid is None
    base_url, key = llm.ensure_running()
    assert base_url.startswith("http://127.0.0.1:")
    assert base_url.endswith("/v1")
    assert llm.ensure_running() == (base_url, key)
    pid = llm.pid
    assert pid is not None
    llm.close()
    assert gone(pid)
    assert llm.pid is None


@pytest.mark.parametrize("own", [None, "7"])
def test_threads_that_wait_leave_the_cores_to_others(make, monkeypatch, own) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    if own:
        monkeypatch.setenv("GOMP_SPINCOUNT", own)
    llm = make(SERVES)
    llm.ensure_running()
    environment = Path(f"/proc/{llm.pid}/environ").read_bytes().split(b"\0")
    assert f"GOMP_SPINCOUNT={own or SPIN}".encode() in environment


def test_the_key_is_random_and_in_no_argument(make, tmp_path) -> None:
    llm = make(SERVES)
    _, key = llm.ensure_running()
    seen = wait_for(tmp_path / "model.gguf")
    assert seen["order"]["key"] == key
    assert len(key) >= 32
    assert key not in str(seen["argv"])
    assert [seen["order"][name] for name in ("context", "threads", "slots")] == [2048, 3, 2]
    llm.close()
    assert llm.ensure_running()[1] != key


def test_the_current_folder_cannot_lend_modules(make, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(SERVES).ensure_running()
    assert not {"", str(tmp_path)} & set(wait_for(tmp_path / "model.gguf")["path"])


def test_start_does_not_wait(make) -> None:
    llm = make(NEVER_READY)
    begun = time.monotonic()
    llm.start()
    llm.start()
    assert time.monotonic() - begun < 60  # of the 120 seconds that it may take


def test_many_threads_share_one_child(make) -> None:
    llm = make(SERVES)
    found: list[tuple[str, str]] = []
    threads = [threading.Thread(target=lambda: found.append(llm.ensure_running())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_killed_child_is_replaced_at_the_next_use(make) -> None:
    llm = make(SERVES)
    first = llm.ensure_running()
    assert llm.pid is not None
    pid = llm.pid
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    second = llm.ensure_running()
    assert second != first


def test_the_first_error_of_a_child_is_told(make) -> None:
    llm = make(FAILS)
    with pytest.raises(
        ModelUnavailable,
        match=r"the local model model\.gguf did not start: load: the file is not a model; try again",
    ):
        llm.ensure_running()


def test_a_child_that_dies_silently(make) -> None:
    with pytest.raises(ModelUnavailable, match="did not start: it said nothing; try again"):
        make(DIES_SILENTLY).ensure_running()


def test_a_child_that_never_gets_ready_is_ended(make) -> None:
    llm = make(NEVER_READY, start_s=0.5)
    llm.start()
    while (pid := llm.pid) is None:
        time.sleep(0.01)
    with pytest.raises(
        ModelUnavailable, match=r"was not ready within 0\.5 s; try again, or choose a smaller one"
    ):
        llm.ensure_running()
    assert gone(pid)


def test_close_at_once_after_start_leaves_nothing(make) -> None:
    llm = make(NEVER_READY)
    llm.start()
    child = llm._child
    assert child is not None
    llm.close()
    assert child._ended.wait(60)
    assert child.pid is None or gone(child.pid)


def test_a_stubborn_child_is_killed(make) -> None:
    llm = make(IGNORES_SIGTERM)
    llm.ensure_running()
    pid = llm.pid
    assert pid is not None
    llm.close()
    assert gone(pid)


def test_no_python_to_run(make, monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ModelUnavailable, match="did not start: .*No such file or directory"):
        make(SERVES).ensure_running()


def test_dropping_it_ends_the_child(make) -> None:
    (llm := LocalLLM(make(SERVES)._model_path, 2048, 1)).ensure_running()
    pid = llm.pid
    assert pid is not None
    del llm
    assert gone(pid)


def test_the_parents_exit_ends_the_child_and_says_nothing(make, tmp_path) -> None:
    make(SERVES)
    code = (
        "from pathlib import Path\n"
        "from rag.llm import local_llm\n"
        f"local_llm.CHILD = Path({str(tmp_path / 'child.py')!r})\n"
        f"llm = local_llm.LocalLLM(Path({str(tmp_path / 'model.gguf')!r}), 2048, 1)\n"
        "llm.ensure_running()\n"
        "print(llm.pid)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert gone(int(done.stdout))
