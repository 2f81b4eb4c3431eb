"""A small folder of documents."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    (made / "zebras.txt").write_text("Zebras run.\n\nThey cross the river.")
    (made / "deep").mkdir()
    (made / "deep" / "moon.md").write_text("# The moon\n\nIt rises late.")
    return made
