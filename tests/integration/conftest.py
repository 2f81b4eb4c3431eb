"""Real models, a library of the starter documents, the command line, and the page over a scripted model."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serving import Served, page_over

from ingest.pipeline import add
from rag.library import Library
from rag.models import make_embedder
from rag.settings_layers import load_settings

CHECKOUT = Path(__file__).parents[2]
SEEDS = CHECKOUT / "seeds"


@pytest.fixture(scope="session")
def real_embedder():
    return make_embedder(load_settings())


@pytest.fixture(scope="session")
def seed_library(tmp_path_factory, real_embedder) -> Path:
    """The folder of a library that holds the starter documents."""
    path = tmp_path_factory.mktemp("seeds") / "library"
    with Library.open(path, create=True) as library:
        outcomes = add(library, [SEEDS / "hmeimim", SEEDS / "guide"], real_embedder)
    assert {outcome.kind for outcome in outcomes} == {"added"}
    return path


@pytest.fixture
def footnote(tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a folder of its own; no model unless the environment says so."""

    def run(*arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ui.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=300,
            env=os.environ | {"PYTHONPATH": str(CHECKOUT), "FOOTNOTE_LLM": "none"} | environ,
        )

    return run


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    """The page over an empty library and a scripted model."""
    with page_over(tmp_path) as found:
        yield found
