"""A local model: llama.cpp in a child process, behind an OpenAI-compatible port on loopback.

A native abort cannot take the application down, and the child cannot outlive it. It starts when it is first
needed, or in the background by `LocalLLM.start`, and again after it has died.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path

from rag.errors import ModelUnavailable
from rag.llm.local_llm_child import READY

START_S = 180.0
"""A gigabyte from a slow disk takes a minute or two; with the file in memory, two seconds."""

CLOSE_S = 2.0
HEALTH_S = 2.0
CACHE_MIB = 256

SPIN = "3000"
"""Rounds that threads of OpenMP wait before they sleep. By default the model's and the embedder's keep each
other from the cores: measured on two, a search beside the model takes .38 s, not 5.5, and the model then
writes 8 tokens a second, not 0.6; alone it writes 16.2, not 17.0, and many texts are embedded a tenth slower.
"""
CHILD = Path(__file__).with_name("local_llm_child.py")


def available_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux knows
        return os.cpu_count() or 1


class LocalLLM:
    """The parent's side: one child, started on demand. Threads may share it."""

    def __init__(
        self, model_path: Path, context: int, threads: int, slots: int = 1, *, start_s: float = START_S
    ) -> None:
        """Take what the child is told.

        Args:
            model_path: the GGUF file.
            context: tokens that it holds, those of all answers at a time together.
            threads: that it works with.
            slots: answers that it writes at a time.
            start_s: seconds that it may take to be ready.
        """
        self._order = {"model": str(model_path), "context": context, "threads": threads, "slots": slots}
        self._model_path = model_path
        self._start_s = start_s
        self._lock = threading.Lock()
        self._child: _Child | None = None
        os.environ.setdefault("GOMP_SPINCOUNT", SPIN)  # read when torch is loaded, and by the child

    @property
    def pid(self) -> int | None:
        """The process id of the child, None while there is none."""
        child = self._child
        return child.pid if child is not None and child.alive else None

    def start(self) -> None:
        """Begin starting the child, without waiting for it."""
        self._live_child()

    def ensure_running(self) -> tuple[str, str]:
        """Return the base URL and the key of a child that is ready, starting one if need be.

        Raises:
            ModelUnavailable: the child died while starting, or was not ready in time.
        """
        child = self._live_child()
        return child.wait_ready(self._start_s), child.key

    def close(self) -> None:
        """End the child; a later use starts another."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.close()

    def _live_child(self) -> _Child:
        with self._lock:
            if self._child is not None and not self._child.alive:
                self._child.close()
                self._child = None
            if self._child is None:
                self._child = _Child(self._model_path, self._order)
                weakref.finalize(self, self._child.close)
            return self._child


class _Child:
    """One run of the child process.

    A thread spawns it, reads what it writes, and lives as long as it does: Linux sends the signal of a
    parent's death when the thread that spawned the child ends, not the process.
    """

    def __init__(self, model_path: Path, order: Mapping[str, object]) -> None:
        self.key = secrets.token_urlsafe(32)
        self._owner = os.getpid()
        self._model = model_path
        self._order = {**order, "parent": self._owner, "key": self.key, "cache_mib": CACHE_MIB}
        self._url: str | None = None
        self._error = ""
        self._last_line = "it said nothing"
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._settled = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="local-llm", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process is about to be ready, or answers.

        A process that was just killed still runs, in the eyes of the system, while its memory is given back;
        its port then breaks the connection off. One that is only busy is slow.
        """
        if self._ended.is_set() or (self._process is not None and self._process.poll() is not None):
            return False
        if self._url is None:
            return True
        import httpx  # of a process that lives: who comes only to ask does not wait for it

        try:
            httpx.get(f"{self._url}/health", timeout=HEALTH_S, trust_env=False)
        except httpx.TimeoutException:
            return True
        except httpx.TransportError:
            return False
        return True

    @property
    def pid(self) -> int | None:
        """The process id, None until there is one."""
        return self._process.pid if self._process is not None else None

    def wait_ready(self, seconds: float) -> str:
        """Return the base URL as soon as the model is loaded."""
        if not self._settled.wait(seconds):
            self.close()
            raise ModelUnavailable(
                f"the local model {self._model.name} was not ready within {seconds:g} s;"
                " try again, or choose a smaller one with FOOTNOTE_LLM=local-small"
            )
        if self._url is None:
            raise ModelUnavailable(
                f"the local model {self._model.name} did not start: {self._error or self._last_line};"
                " try again, or answer with quotes alone by FOOTNOTE_LLM=none"
            )
        return self._url

    def close(self) -> None:
        """End the process; one that is still being spawned ends when it finds its input closed."""
        self._closed = True
        process = self._process
        if (
            process is None or os.getpid() != self._owner
        ):  # a fork of the owner must not end the owner's child
            return
        process.terminate()
        try:
            process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            process.kill()
        self._ended.wait(CLOSE_S)

    def _run(self) -> None:
        try:
            with self._spawn() as process:
                self._process = process
                if process.stdin is None or process.stdout is None:
                    raise OSError("no pipes to the child")
                process.stdin.write(json.dumps(self._order).encode() + b"\n")
                if self._closed:
                    process.kill()
                self._listen(process.stdout.fileno())
        except OSError as error:
            self._error = str(error)
        finally:
            self._settled.set()
            self._ended.set()

    def _spawn(self) -> subprocess.Popen[bytes]:
        """Spawn it out of reach of the terminal's Ctrl-C and, by -P, of modules in the current folder."""
        return subprocess.Popen(  # noqa: S603 - our own interpreter and file
            [sys.executable, "-P", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )

    def _listen(self, descriptor: int) -> None:
        """Read the child's lines to their end: the one that says it is ready, and the last of the others."""
        rest = b""
        while block := os.read(descriptor, 65536):
            *lines, rest = (rest + block).split(b"\n")
            rest = rest[-4096:]
            for line in lines:
                text = line.decode("utf-8", "replace").strip()
                if text.startswith(READY):
                    self._url = json.loads(text.removeprefix(READY))["address"] + "/v1"
                    self._settled.set()
                elif text:
                    self._note(text)

    def _note(self, line: str) -> None:
        """Keep the first error of llama.cpp (time, level E, message), else the last line."""
        _, error, message = line.partition(" E ")
        if error and not self._error:
            self._error = message.strip()[:200]
        self._last_line = line[:200]
