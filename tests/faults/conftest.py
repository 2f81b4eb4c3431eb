"""Children to break, and a tally of what was broken."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from tally import summary

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


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Processes that start from one that has imported everything: in milliseconds, and without threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chromadb", "ingest.pipeline", "rag.library", "rag.search", "ui.adding"])
    return context


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
