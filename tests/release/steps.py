"""What the checks of a release share: steps with their times, commands, environments."""

from __future__ import annotations

import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

CHECKOUT = Path(__file__).parents[2]
CONSTRAINTS = CHECKOUT / "constraints.txt"
console = Console(highlight=False, soft_wrap=True)


@contextmanager
def step(words: str) -> Iterator[None]:
    """Say what has been done, and how long it took."""
    began = time.monotonic()
    yield
    console.print(f"{words}: {time.monotonic() - began:.0f} s")


def run(*command: object, cwd: Path = CHECKOUT) -> None:
    """Run a command; what it says is shown only when it fails, and then this ends."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        console.print(done.stdout + done.stderr, markup=False)
        sys.exit(f"failed: {' '.join(map(str, command))}")


class Environment:
    """An environment of Python with nothing in it but pip and what is installed here."""

    def __init__(self, folder: Path, constraints: Path) -> None:
        """Make it in a folder; every version that is installed is the one that the constraints tell."""
        venv.create(folder, with_pip=True)
        self.folder = folder
        self.python = folder / "bin/python"
        self._constraints = constraints

    def install(self, *requirements: object) -> None:
        """Install packages, from a folder in which there is no package of ours."""
        pip = (self.python, "-m", "pip", "install", "--quiet", "--constraint", self._constraints)
        run(*pip, *requirements, cwd=self.folder)
