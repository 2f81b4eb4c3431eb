"""``make release-check``: builds the package, looks into it, and tries it in an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from rag.settings import load_settings
from tests.release import contents
from tests.release.smoke import Tried

CHECKOUT = Path(__file__).parents[2]
DIST = CHECKOUT / "dist"
CONSTRAINTS = CHECKOUT / "constraints.txt"
console = Console(highlight=False, soft_wrap=True)


@contextmanager
def step(words: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    began = time.monotonic()
    yield
    console.print(f"{words}: {time.monotonic() - began:.0f} s")


def run(*command: object, cwd: Path = CHECKOUT) -> None:
    """Run a command; what it says is shown only when it fails."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        console.print(done.stdout + done.stderr, markup=False)
        sys.exit(f"failed: {' '.join(map(str, command))}")


def built(folder: Path) -> contents.Built:
    """Build the sdist, a wheel from it, and one straight from the checkout."""
    here, through = folder / "here", folder / "through"
    run(sys.executable, "-m", "build", "--outdir", through, CHECKOUT)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", here, CHECKOUT)
    [wheel], [sdist], [other] = through.glob("*.whl"), through.glob("*.tar.gz"), here.glob("*.whl")
    return contents.Built(wheel=wheel, sdist=sdist, straight=other)


def main() -> None:
    """Do all of it; exit with 1 at the first thing that is wrong."""
    models = load_settings().models
    with tempfile.TemporaryDirectory(prefix="footnote-release-") as name:
        folder = Path(name)
        with step("built the sdist and the wheel"):
            made = built(folder)
        with step("looked into both"):
            if wrong := contents.wrong_in(made, CHECKOUT):
                sys.exit("\n".join(wrong))
        environment = folder / "environment"
        pip = (environment / "bin/python", "-m", "pip", "install", "--quiet", "--constraint", CONSTRAINTS)
        with step("installed the wheel in an empty environment"):
            venv.create(environment, with_pip=True)
            run(*pip, made.wheel, cwd=folder)
        tried = Tried(environment, folder / "empty", models)
        with step("added, asked, listed, checked, synchronized without the server's packages"):
            tried.core()
        with step("installed the extra 'server'"):
            run(*pip, f"footnote[server] @ {made.wheel.as_uri()}", cwd=folder)
        with step("opened the chat and asked it for its pages"):
            tried.chat()
        DIST.mkdir(exist_ok=True)
        for file in (made.sdist, made.wheel):
            os.replace(file, DIST / file.name)
            console.print(f"[bold]dist/{file.name}[/bold] is ready")


if __name__ == "__main__":
    main()
