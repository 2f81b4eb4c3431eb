"""Two chats over one catalogue on PostgreSQL, each a process with a folder of its own, behind nginx."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from fakes import AngleEmbedder, put
from footnote_with_fakes import WITH_FAKES
from fronts import Front, free_ports
from pydantic import SecretStr

from rag.api_keys import MOST_A_MINUTE, ApiKeys
from rag.library import Library
from rag.settings import Settings
from rag.users import Users

ROOT = Path(__file__).parent.parent
PASSWORD = "correct horse battery"  # noqa: S105
PATIENCE_S = 240
SAID = "A plane came from Libya on 26 October. The minister spoke about oil. The embassy reopened in May."


class Replica:
    """A chat that signs people in, with a folder that no other one sees."""

    def __init__(self, folder: Path, catalog: str, port: int, pace: float) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.log = folder / "log"
        folder.mkdir()
        self._environment = {
            "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}",
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "SAYS": SAID,
            "PACE": str(pace),
            "FOOTNOTE_LIBRARY": str(folder / "library"),
            "FOOTNOTE_MODELS": str(folder / "no-models"),
            "FOOTNOTE_OFFLINE": "1",
            "FOOTNOTE_CATALOG": catalog,
            "FOOTNOTE_AUTH": "true",
            "FOOTNOTE_PROXIES": "127.0.0.1",
        }
        self._folder = folder
        self.start()

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*WITH_FAKES, "chat", "--port", str(self.port)],
                env=self._environment,
                cwd=self._folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def until_ready(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self._is_ready():
            ended = time.monotonic() > end or self.process.poll() is not None
            assert not ended, self.log.read_text()[-3000:]
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready", timeout=10).status_code == 200
        except httpx.TransportError:
            return False


class Replicas(Front):
    """Two of them, and nginx before them.

    Attributes:
        both: the chats.
        keys: an API key of each person.
        library: the library, opened by the test as well.
    """

    def __init__(self, folder: Path, catalog: str, people: list[str], pace: float) -> None:
        settings = Settings(library=folder / "own", catalog=SecretStr(catalog), llm="none")
        self.library = Library.of(settings, create=True)
        put(self.library, "news", SAID, AngleEmbedder())
        self.keys = {}
        for name in people:
            Users(self.library.catalog).add(name, PASSWORD)
            self.keys[name] = ApiKeys(self.library.catalog).add(name, name, MOST_A_MINUTE)
        ports = free_ports(2)
        self.both = [Replica(folder / f"replica {n}", catalog, port, pace) for n, port in enumerate(ports)]
        try:
            for replica in self.both:
                replica.until_ready()
            super().__init__(folder, [f"127.0.0.1:{port}" for port in ports])
        except BaseException:
            self._end_both()
            raise

    def program(self, name: str) -> httpx.Client:
        """Return a program of a person's, whose requests go to either."""
        client = self.client(f"of-{name}-{threading.get_ident()}")
        client.headers["Authorization"] = f"Bearer {self.keys[name]}"
        return client

    def end(self) -> None:
        super().end()
        self._end_both()
        self.library.close()

    def _end_both(self) -> None:
        for replica in self.both:
            replica.end()


@contextmanager
def replicas(folder: Path, catalog: str, people: list[str], *, pace: float = 0.02) -> Iterator[Replicas]:
    """Yield two chats behind nginx, whose model writes a word every `pace` seconds."""
    running = Replicas(folder, catalog, people, pace)
    try:
        yield running
    finally:
        running.end()
