"""A Ray cluster of the tests' own: nodes of one core each, made by ``ray start`` on loopback, and killed."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

_PATIENCE_S = 300.0
_SOON_LOST = {"RAY_health_check_period_ms": "1000", "RAY_health_check_timeout_ms": "3000"}
"""So that the head knows in some five seconds that a node is gone, and not in fifteen."""


class RayCluster:
    """A head, and nodes beside it; it lets in who has its token."""

    def __init__(self) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.client_port = free_port()
        room = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own in it
        self.folder = Path(tempfile.mkdtemp(prefix="footnote-ray-", dir=room))
        self.nodes: list[subprocess.Popen[bytes]] = []

    def start(self, **resources: object) -> None:
        """Start the head, which works as well."""
        port = self.address.rpartition(":")[2]
        self.add(
            "--head",
            f"--port={port}",
            f"--ray-client-server-port={self.client_port}",
            "--include-dashboard=false",
            f"--temp-dir={self.folder}",
            **resources,
        )
        wait_until(lambda: _answers(self.address))

    def add(self, *options: str, **resources: object) -> subprocess.Popen[bytes]:
        """Start a node, with other resources than one core if these are given, as in ``num_gpus=1``."""
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats"]
        place = ["--node-ip-address=127.0.0.1", f"--object-store-memory={100 << 20}"]
        told = [
            f"--{name.replace('_', '-')}={value}" for name, value in ({"num_cpus": 1} | resources).items()
        ]
        node = subprocess.Popen(
            [*command, *place, *told, *(options or (f"--address={self.address}",))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | _SOON_LOST,
            start_new_session=True,
        )
        self.nodes.append(node)
        wait_until(lambda: node.poll() is not None or _named(node, "raylet"))
        assert node.poll() is None, "the node did not start"
        return node

    def lose(self, node: subprocess.Popen[bytes]) -> None:
        """Kill all processes of a node at once, as when its power fails."""
        for each in [*_below(node), psutil.Process(node.pid)]:
            with suppress(psutil.Error):
                each.kill()
        node.wait()
        self.nodes.remove(node)

    def stop(self) -> None:
        for node in list(self.nodes):
            self.lose(node)
        shutil.rmtree(self.folder, ignore_errors=True)

    def workers(self, *titles: str) -> list[psutil.Process]:
        """The processes of all nodes whose titles begin so, else those that read and embed."""
        every = [each for node in self.nodes for each in _below(node)]
        return [each for each in every if _title(each).startswith(titles or ("ray::read", "ray::Embedding"))]


@contextmanager
def running(n_nodes: int = 2, **resources: object) -> Iterator[RayCluster]:
    """Yield a cluster of so many nodes while the context lasts; its token is in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        made = RayCluster()
        try:
            made.start(**resources)
            for _ in range(n_nodes - 1):
                made.add(**resources)
            yield made
        finally:
            made.stop()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_until(true: Callable[[], object]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def _answers(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as asked:
        return asked.connect_ex((host, int(port))) == 0


def _below(node: subprocess.Popen[bytes]) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return psutil.Process(node.pid).children(recursive=True)
    return []


def _named(node: subprocess.Popen[bytes], name: str) -> bool:
    for each in _below(node):
        with suppress(psutil.Error):
            if each.name() == name:
                return True
    return False


def _title(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline()[:1])
    return ""
