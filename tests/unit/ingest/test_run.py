from __future__ import annotations

import pytest

import ingest.local_engine
from ingest.load import load
from ingest.outcomes import Task
from ingest.run import Run
from ingest.worker import Worker
from rag.text.naming import path_of


def kinds(outcomes) -> dict[str, str]:
    return {outcome.path.name: outcome.kind for outcome in outcomes}


class Unfenced(Worker):
    """Parses in this process: what a run does with the text is tested here."""

    def _load(self, name, data, scans, limits, _wanted):
        return load(data, name, limits, scans)


@pytest.fixture
def run(library, embedder, monkeypatch):
    """Return a function that reads tasks into a library that has the right embedder."""
    monkeypatch.setattr(ingest.local_engine, "Worker", Unfenced)
    library.lock()
    library.require(embedder.fingerprint)
    return lambda tasks, **options: Run(library, lambda: embedder, **options).read(tasks)


def test_files_may_come_while_others_are_read(run, folder) -> None:
    told = []

    def tasks():
        yield Task(folder / "zebras.txt")
        assert told == ["zebras.txt"]
        yield Task(folder / "deep" / "moon.md")

    outcomes = run(tasks(), on_progress=lambda p: p.stage == "reading" and told.append(p.name))
    assert kinds(outcomes) == {"moon.md": "added", "zebras.txt": "added"}


def test_a_file_is_read_from_where_it_lies_for_now(run, library, tmp_path) -> None:
    (tmp_path / "0af3").write_text("The river froze.")
    [outcome] = run([Task(tmp_path / "place" / "river.txt", content=tmp_path / "0af3", follow=False)])
    assert (outcome.kind, outcome.path) == ("added", tmp_path / "place" / "river.txt")
    [document] = library.documents()
    assert (document.title, path_of(document.uri)) == ("river", tmp_path / "place" / "river.txt")


def test_a_file_that_is_not_wanted_any_more_leaves_the_library_as_it_was(run, library, embedder, folder):
    before = library.catalog.generation
    outcomes = run(
        [
            Task(folder / "zebras.txt", wanted=lambda: False),
            Task(folder / "deep" / "moon.md", claim=lambda: False),
        ]
    )
    assert kinds(outcomes) == {"moon.md": "cancelled", "zebras.txt": "cancelled"}
    assert (library.catalog.generation, library.documents()) == (before, [])
    assert not any("Zebras" in text for text in embedder.texts)


def test_a_file_that_fails_and_is_not_wanted_is_not_remembered(run, library, tmp_path) -> None:
    (tmp_path / "broken.pdf").write_text("no pdf")
    asked = iter([False])
    [outcome] = run([Task(tmp_path / "broken.pdf", wanted=lambda: next(asked))])
    assert (outcome.kind, library.documents()) == ("cancelled", [])


def test_embedding_ends_between_two_batches(run, library, embedder, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(ingest.local_engine, "EMBED_AT_MOST", 2)
    (tmp_path / "long.txt").write_text("\n\n".join(f"Part {n}. " + "word " * 150 for n in range(9)))
    (tmp_path / "short.txt").write_text("The moon is far.")
    outcomes = run(
        [
            Task(tmp_path / "long.txt", wanted=lambda: len(embedder.texts) < 4),
            Task(tmp_path / "short.txt"),
        ]
    )
    assert kinds(outcomes) == {"long.txt": "cancelled", "short.txt": "added"}
    assert len(embedder.texts) == 5


def test_a_document_that_is_removed_meanwhile_is_no_twin(run, library, tmp_path) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.txt").write_text("The river froze.")

    def tasks():
        yield Task(tmp_path / "first.txt")

    run(tasks())

    def later():
        library.remove(library.find("first").id)
        yield Task(tmp_path / "second.txt")
        yield Task(tmp_path / "first.txt")

    assert kinds(run(later())) == {"second.txt": "added", "first.txt": "added"}
    assert [(d.title, d.n_passages, library.text(d.id)) for d in library.documents()] == [
        ("first", 1, "The river froze."),
        ("second", 1, "The river froze."),
    ]
