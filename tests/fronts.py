"""Debian's nginx with ``deploy/nginx/nginx.conf`` before two servers of a test."""

from __future__ import annotations

import getpass
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

CONF = Path(__file__).parents[1] / "deploy" / "nginx" / "nginx.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")


class Front:
    """nginx, with a certificate of its own."""

    def __init__(self, folder: Path, upstreams: Sequence[str], rest_s: int = 5) -> None:
        """Stand before two servers, as in ``127.0.0.1:7860``; one that failed is left alone for `rest_s`."""
        if NGINX is None:
            pytest.skip("no nginx on this machine: install the package nginx-light of your system")
        plain, secure = free_ports(2)
        self.plain, self.url = f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"
        self.trust = ssl.create_default_context(cafile=_made_certificate(folder))
        conf = folder / "nginx.conf"
        moved = _moved(CONF.read_text("utf-8"), folder, (plain, secure), upstreams)
        conf.write_text(moved.replace("fail_timeout=5s", f"fail_timeout={rest_s}s"))
        self.process = subprocess.Popen(
            [NGINX, "-p", folder, "-c", conf, "-g", f"daemon off; user {getpass.getuser()};"]
        )
        self.log = folder / "access.log"
        until_answers(self.plain)

    def client(self, session: str = "") -> httpx.Client:
        """Return somebody who is signed in with this session, over https."""
        cookies = {"__Host-footnote": session} if session else {}
        return httpx.Client(base_url=self.url, verify=self.trust, cookies=cookies, timeout=60)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(60)


@contextmanager
def front_of(folder: Path, *upstreams: str) -> Iterator[Front]:
    """Yield an nginx before two servers, as in ``127.0.0.1:7860``."""
    made = Front(folder, upstreams)
    try:
        yield made
    finally:
        made.end()


def free_ports(number: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def until_answers(url: str) -> None:
    for _ in range(600):
        try:
            httpx.get(url, timeout=10)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def _made_certificate(folder: Path) -> Path:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=docs.example.com", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    command += ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "tls.crt"


def _moved(conf: str, folder: Path, ports: Sequence[int], upstreams: Sequence[str]) -> str:
    """Return the configuration with other places for files, and other addresses; nothing else differs."""
    for old, new in (
        ("/tmp/", f"{folder}/"),  # noqa: S108 - of the container
        ("/tls/", f"{folder}/"),
        ("/dev/stdout", f"{folder}/access.log"),
        ("listen 8080", f"listen 127.0.0.1:{ports[0]}"),
        ("listen 8443", f"listen 127.0.0.1:{ports[1]}"),
        ("footnote-1:7860", upstreams[0]),
        ("footnote-2:7860", upstreams[1]),
    ):
        assert old in conf, old
        conf = conf.replace(old, new)
    return conf
