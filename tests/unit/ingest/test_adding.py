"""Adding documents from a program."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fakes import QUESTION, TEXT, AngleEmbedder

import ingest
from rag.assistant import Assistant
from rag.library import Library


@pytest.mark.parametrize("as_open", [False, True], ids=["folder", "open library"])
def test_what_is_added_can_be_asked(tmp_path, settings, as_open) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "news.txt").write_text(TEXT)
    (notes / "empty.txt").write_text("")
    embedder, seen = AngleEmbedder(), []
    library = Library.open(settings.library, create=True) if as_open else settings.library
    outcomes = ingest.add(library, [notes], settings=settings, embeddings=embedder, on_outcome=seen.append)
    assert [(each.path.name, each.kind) for each in outcomes] == [
        ("empty.txt", "failed"),
        ("news.txt", "added"),
    ]
    assert "empty.txt" in outcomes[0].reason
    assert sorted(seen, key=lambda each: each.path) == outcomes
    if as_open:
        assert [each.title for each in library.documents() if each.status == "ready"] == ["news"]
        library.close()
    with Assistant.open(settings=settings, embeddings=embedder) as assistant:
        assert assistant.ask(QUESTION).quotes[0].quote.startswith("A plane came from Libya")


def test_one_path_may_stand_for_itself(tmp_path, settings) -> None:
    (tmp_path / "news.txt").write_text(TEXT)
    [outcome] = ingest.add(
        settings.library, tmp_path / "news.txt", settings=settings, embeddings=AngleEmbedder()
    )
    assert outcome.kind == "added"


def test_a_path_that_is_not_there_is_a_failed_outcome(tmp_path, settings) -> None:
    [outcome] = ingest.add(
        settings.library, [tmp_path / "gone.txt"], settings=settings, embeddings=AngleEmbedder()
    )
    assert (outcome.kind, "gone.txt" in outcome.reason) == ("failed", True)


def test_every_public_name_is_there() -> None:
    assert ingest.__all__ == sorted(ingest.__all__)
    assert {name: getattr(ingest, name).__name__ for name in ingest.__all__} == {
        name: name for name in ingest.__all__
    }
    assert not hasattr(ingest, "subtract")


def test_importing_pulls_in_nothing() -> None:
    code = "import ingest, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"rag", "numpy", "langchain_core"} & set(done.stdout.split()) == set()
