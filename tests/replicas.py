"""Two chats over one catalogue on PostgreSQL, each a process with a folder of its own, behind nginx."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from fakes import AngleEmbedder, put
from footnote_with_fakes import run
from forks import forking
from fronts import Front, free_ports
from pydantic import SecretStr

import rag.people.presence
from rag.library import Library
from rag.people.api_keys import MOST_A_MINUTE, ApiKeys
from rag.people.users import Users
from rag.settings import Settings

ROOT = Path(__file__).parent.parent
PASSWORD = "correct horse battery"  # noqa: S105
PATIENCE_S = 240
BEAT_S, SILENT_S = 0.5, 3.0
"""As in `rag.people.presence`, but less: whoever waits for a replica that is gone waits for that."""
REST_S = 1
"""Seconds for which nginx passes over a replica that failed: killed in turns, both would be for long."""
SAID = "A plane came from Libya on 26 October. The minister spoke about oil. The embassy reopened in May."


class Replica:
    """A chat that signs people in, with a folder that no other one sees."""

    def __init__(self, folder: Path, catalog: str, port: int, hold: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.log = folder / "log"
        folder.mkdir()
        self.log.touch()
        self._environment = {
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "SAYS": SAID,
            "PACE": "0.02",
            "HOLDS": str(hold),
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
        chat = (self._environment, self._folder, ["chat", "--port", str(self.port)])
        self.process = forking().Process(target=_footnote, args=chat)
        self.process.start()

    def until_ready(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self._is_ready():
            ended = time.monotonic() > end or not self.process.is_alive()
            assert not ended, self.log.read_text()[-3000:]
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.join()

    def end(self) -> None:
        self.process.terminate()
        self.process.join(60)
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
        hold: while there is this file, no answer goes on after its first sentence.
        library: the library, opened by the test as well.
    """

    def __init__(self, folder: Path, catalog: str, people: list[str]) -> None:
        settings = Settings(library=folder / "own", catalog=SecretStr(catalog), llm="none")
        self.library = Library.of(settings, create=True)
        put(self.library, "news", SAID, AngleEmbedder())
        self.keys = {}
        for name in people:
            Users(self.library.catalog).add(name, PASSWORD)
            self.keys[name] = ApiKeys(self.library.catalog).add(name, name, MOST_A_MINUTE)
        ports = free_ports(2)
        self.hold = folder / "hold"
        self.both = [
            Replica(folder / f"replica {n}", catalog, port, self.hold) for n, port in enumerate(ports)
        ]
        try:
            self.revive()
            super().__init__(folder, [f"127.0.0.1:{port}" for port in ports], REST_S)
        except BaseException:
            self._end_both()
            raise

    def revive(self) -> None:
        """Start those that do not run, and wait until all are ready."""
        for replica in self.both:
            if not replica.process.is_alive():
                replica.start()
        for replica in self.both:
            replica.until_ready()

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
def replicas(folder: Path, catalog: str, people: list[str]) -> Iterator[Replicas]:
    """Yield two chats behind nginx."""
    running = Replicas(folder, catalog, people)
    try:
        yield running
    finally:
        running.end()


def _footnote(environment: Mapping[str, str], folder: Path, arguments: list[str]) -> None:
    """Be the command line with stand-ins for the models, in a folder in which it keeps its log."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with open("log", "a") as log:
        for number in (1, 2):
            os.dup2(log.fileno(), number)
    warnings.simplefilter("error")
    rag.people.presence.BEAT_S, rag.people.presence.SILENT_S = BEAT_S, SILENT_S
    sys.argv[1:] = arguments
    run()
