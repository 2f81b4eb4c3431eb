"""`footnote add --engine ray` on a real Ray: the same library, lines and exit code as ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ingest.limits import DEFAULT_LIMITS
from ingest.node import Order
from rag.library import Library
from rag.settings import Settings


@pytest.mark.shared
@pytest.mark.models
def test_a_folder_is_added_by_ray(tmp_path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for number in range(3):
        (folder / f"paper{number}.txt").write_text(f"Paper {number} speaks of the river.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")

    def added(library: str, *options: str) -> tuple[int, str, object]:
        command = [sys.executable, "-m", "ui.cli", "add", folder, "-l", tmp_path / library, *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert done.stderr == ""
        with Library.open(tmp_path / library) as opened:
            stored = [
                (each.title, each.status, each.error, opened.catalog.stored(each.id))
                for each in opened.documents()
            ]
            ids, _ = opened.catalog.vectors()
        return done.returncode, done.stdout.replace(library, ""), (stored, sorted(ids))

    assert added("by-ray", "--engine", "ray") == added("by-now")


def test_a_node_is_told_what_makes_the_embedder_and_no_more(tmp_path) -> None:
    settings = Settings(library=tmp_path / "secret", llm="openai:x", llm_api_key="hidden", models=tmp_path)
    order = Order.of(settings, "fingerprint", DEFAULT_LIMITS)
    assert "secret" not in str(order.settings.library)
    assert (order.settings.llm, order.settings.llm_api_key) == ("local", None)
    assert order.settings.models == tmp_path
