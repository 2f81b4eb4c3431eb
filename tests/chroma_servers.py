"""Chroma servers for tests: real ones, on loopback, that can be killed, frozen and given another disk."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

PROGRAM = Path(sys.executable).with_name("chroma")
_PATIENCE_S = 120.0


class ChromaProcess:
    """``chroma run`` over the folder `disk`, always on one port."""

    def __init__(self, disk: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.disk = disk
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [PROGRAM, "run", "--path", self.disk, "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + _PATIENCE_S
        while not self._answers():
            assert self._process.poll() is None, "the Chroma server ended"
            assert time.monotonic() < end, "the Chroma server does not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would, for the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def restart(self, disk: Path | None = None) -> None:
        """Start anew, with another disk if one is given."""
        self.kill()
        self.disk = disk or self.disk
        self.start()

    def copy_disk(self, to: Path) -> Path:
        """Return a copy of the disk as it is, made while the server is down."""
        self.kill()
        shutil.copytree(self.disk, to)
        self.start()
        return to

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v2/heartbeat", timeout=2.0, trust_env=False).is_success
        except httpx.HTTPError:
            return False
