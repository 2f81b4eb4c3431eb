"""Children to break, and a tally of what was broken."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from forks import forking
from tally import summary
from workload import NAMES, put

from rag.library import Library

# What needs a folder of files that is not part of the project is collected only where there is one.
collect_ignore = [] if os.environ.get("FOOTNOTE_ODD_FILES") else ["test_odd_files.py"]


def pytest_report_header() -> str:
    folder = os.environ.get("FOOTNOTE_ODD_FILES")
    return f"odd files: {folder}" if folder else "odd files: none; FOOTNOTE_ODD_FILES names a folder of them"


def pytest_terminal_summary(terminalreporter) -> None:
    if lines := summary():
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture
def processes() -> ForkServerContext:
    """Processes that start in milliseconds."""
    return forking()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The folder that documents are added from."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """The folder of the library."""
    return tmp_path / "library"


@pytest.fixture
def public(files: Path) -> Iterator[Path]:
    """A library in a folder that every user can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    with Library.open(folder / "library", create=True) as library:
        library.require("fake:hash")
        put(library, files, list(NAMES[:2]), 1)
    yield folder / "library"
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755)
    shutil.rmtree(folder)
