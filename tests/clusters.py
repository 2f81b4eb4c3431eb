"""A PostgreSQL server of the tests' own: started on a free port of this machine, killed and started again."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

HOW_TO_GET_ONE = "PostgreSQL is not installed: apt-get install postgresql"
USER, PASSWORD = "anna", "not-to-be-told"

_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own in it


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL that is installed; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[4]))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return Path(named).parent if named else None


class Cluster:
    """A server with its data in memory, or in another place. As root will not do, Debian's user runs it."""

    def __init__(self, bin_folder: Path, room: str | None = _MEMORY) -> None:
        self._bin = bin_folder
        self.folder = Path(tempfile.mkdtemp(prefix="footnote-postgresql-", dir=room))
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
        self.port = _free_port()
        word = self.folder / "word"
        word.write_text(PASSWORD)
        word.chmod(0o644)
        made_so = ("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--auth=scram-sha-256")
        self._run("initdb", *made_so, f"--username={USER}", f"--pwfile={word}", self._data)
        self.start()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "-D", self._data, "-w", "-l", self.folder / "log", "-o", options, "start")

    def kill(self) -> None:
        """End the server as a power cut does: no process of it has a moment more."""
        os.kill(self.pids()[0], signal.SIGSTOP)  # or it makes a child more while these are counted
        every = self.pids()
        for each in every:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        while any(map(_runs, every)):
            time.sleep(0.01)
        (self._data / "postmaster.pid").unlink()  # its number is taken until whoever started it looks

    def pids(self) -> list[int]:
        """Return the numbers of its processes, first of the one that started the others."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def stop(self) -> None:
        with suppress(RuntimeError):
            self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self._as, str(self._bin / program), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=120)
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program}: {log.read_text()[-2000:] if log.exists() else done.returncode}")


def _free_port() -> int:
    """Return a port that the system gives to no client, which may else meet itself there."""
    drawn = random.Random()
    while True:
        port = drawn.randrange(15_000, 32_000)
        with suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", port))
            return port


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def started() -> Cluster:
    """Return a running server; the test is skipped where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        pytest.skip(HOW_TO_GET_ONE)
    return Cluster(found)
