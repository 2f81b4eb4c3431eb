"""A Python in which some packages are not installed, as far as anything in it can tell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
SERVER = ("argon2", "fastapi", "gradio", "gradio_client", "starlette", "uvicorn")
"""What the extra ``server`` brings and nothing else that is needed."""

_FINDER = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] not in {names}:
            return super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
from ui.cli import main
main()
"""


def footnote_without(
    names: tuple[str, ...], *arguments: object, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line where packages of these names are missing."""
    return subprocess.run(
        [sys.executable, "-c", _FINDER.replace("{names}", repr(names)), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)} | environ,
    )
