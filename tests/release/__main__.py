"""``make release-check``: builds the package, looks into it, and tries it in an empty environment."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from rag.settings_layers import load_settings
from tests.release import contents
from tests.release.smoke import Tried
from tests.release.steps import CHECKOUT, CONSTRAINTS, Environment, console, run, step

DIST = CHECKOUT / "dist"


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
        with step("installed the wheel in an empty environment"):
            environment = Environment(folder / "environment", CONSTRAINTS)
            environment.install(made.wheel)
        tried = Tried(environment.folder, folder / "empty", models)
        with step("added, asked, listed, checked, synchronized without the server's packages"):
            tried.core()
        with step("installed the extra 'mcp'"):
            environment.install(f"footnote[mcp] @ {made.wheel.as_uri()}")
        with step("listed the tools for assistants"):
            tried.tools()
        with step("installed the extra 'server'"):
            environment.install(f"footnote[server] @ {made.wheel.as_uri()}")
        with step("opened the chat and asked it for its pages"):
            tried.chat()
        DIST.mkdir(exist_ok=True)
        for file in (made.sdist, made.wheel):
            shutil.copy(file, DIST)
            console.print(f"[bold]dist/{file.name}[/bold] is ready")


if __name__ == "__main__":
    main()
