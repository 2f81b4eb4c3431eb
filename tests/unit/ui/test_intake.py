from __future__ import annotations

import threading
import time

import pytest
from fakes import AngleEmbedder
from slow_worker import Slow

import ingest.local_engine
from ingest.limits import DEFAULT_LIMITS
from rag.errors import LibraryInUse
from rag.library import Library
from rag.people.collections import Collections
from ui.intake import Intake
from ui.uploads import safe_path

TEXT = b"A plane came from Libya.\nThe minister spoke about oil."


@pytest.fixture(autouse=True)
def _unfenced(monkeypatch) -> None:
    monkeypatch.setattr(ingest.local_engine, "Worker", Slow)


@pytest.fixture
def make(library, embedder):
    """Return a function that makes an intake over the library; all are stopped at the end."""
    made: list[Intake] = []

    def make(of: Library = library, by: AngleEmbedder = embedder) -> Intake:
        made.append(Intake(of, by, DEFAULT_LIMITS))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def intake(make) -> Intake:
    return make()


def send(intake: Intake, name: str, content: bytes = TEXT, owner: str = "", collection: str = ""):
    part = intake.incoming.begin()
    part.write(content)
    job = intake.incoming.keep(part, owner, safe_path(name), collection)
    intake.submit(job)
    return job


def until(condition) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def settled(intake: Intake, owner: str = "") -> dict[str, str]:
    """Return the states once no job is alive."""
    until(
        lambda: all(
            each.state in ("done", "unchanged", "failed", "cancelled") for each in intake.jobs.of(owner)
        )
    )
    return {each.name: each.state for each in intake.jobs.of(owner)}


def test_what_is_received_is_read_and_kept(intake, library):
    send(intake, "a/planes.txt")
    send(intake, "broken.pdf", b"no pdf")
    send(intake, "planes.txt", owner="anna")
    assert settled(intake) == {"a/planes.txt": "done", "broken.pdf": "failed"}
    assert settled(intake, "anna") == {"planes.txt": "done"}
    assert {(each.uri.rpartition("/uploads/")[2], each.status) for each in library.documents()} == {
        ("a/planes.txt", "ready"),
        ("broken.pdf", "failed"),
        ("%40anna/planes.txt", "ready"),
    }
    [failed] = [each for each in intake.jobs.of("") if each.state == "failed"]
    assert failed.note.startswith("it is not a PDF")
    assert not failed.target.exists()
    assert failed.content.read_bytes() == b"no pdf"


def test_the_same_again_is_unchanged_and_leaves_nothing_behind(intake, library):
    send(intake, "a.txt")
    settled(intake)
    before = library.catalog.generation
    again = send(intake, "a.txt")
    until(lambda: intake.jobs.get(again.id, "").state == "unchanged")
    assert library.catalog.generation == before
    assert (again.target.read_bytes(), again.content.exists()) == (TEXT, False)


def test_a_failed_new_version_leaves_the_old_one_and_a_good_one_replaces_it(intake, library):
    first = send(intake, "a.html", b"<p>The river froze.</p>")
    settled(intake)
    bad = send(intake, "a.html", b"")
    until(lambda: intake.jobs.get(bad.id, "").state == "failed")
    assert first.target.read_bytes() == b"<p>The river froze.</p>"
    assert len(library.catalog.search(["river"], 5)) == 1
    intake.jobs.cancel(bad.id, "")
    assert not bad.content.exists()
    send(intake, "a.html", b"<p>The moon rose.</p>")
    settled(intake)
    assert first.target.read_bytes() == b"<p>The moon rose.</p>"
    assert (library.catalog.search(["river"], 5), len(library.catalog.search(["moon"], 5))) == ([], 1)
    assert [each.status for each in library.documents()] == ["ready"]


def test_a_file_that_is_being_read_is_cancelled_at_once_and_the_next_one_read(intake, library):
    slow = send(intake, "slow.txt", b"for ever")
    until(lambda: intake.jobs.get(slow.id, "").state == "reading")
    send(intake, "next.txt")
    intake.jobs.cancel(slow.id, "")
    assert settled(intake) == {"slow.txt": "cancelled", "next.txt": "done"}
    until(lambda: not slow.content.exists())
    assert [each.title for each in library.documents()] == ["next"]


def test_what_is_not_finished_at_the_end_is_read_after_the_next_start(intake, make, library):
    slow = send(intake, "slow.txt", b"for ever")
    send(intake, "next.txt", owner="anna")
    until(lambda: intake.jobs.get(slow.id, "").state == "reading")
    intake.stop()
    assert library.documents() == []
    slow.content.write_bytes(TEXT)
    again = make()
    again.start()
    assert settled(again) == {"slow.txt": "done"}
    assert settled(again, "anna") == {"next.txt": "done"}
    assert len(library.documents()) == 2


def test_a_failed_file_is_tried_again(intake):
    job = send(intake, "a.txt", b"")
    assert settled(intake) == {"a.txt": "failed"}
    job.content.write_bytes(TEXT)
    intake.jobs.retry(job.id, "")
    assert settled(intake) == {"a.txt": "done"}


def test_a_file_goes_into_the_collection_that_was_open_unless_it_is_gone(intake, library):
    collections = Collections(library.catalog)
    made, gone = collections.create("Flights", "anna"), collections.create("Gone", "anna")
    collections.delete(gone.id, "anna")
    send(intake, "a.txt", owner="anna", collection=made.id)
    send(intake, "b.txt", b"The moon.", owner="anna", collection=gone.id)
    assert set(settled(intake, "anna").values()) == {"done"}
    assert collections.document_ids(made.id, "anna") == {library.find("a").id}


def test_a_library_in_use_is_waited_for(intake, library, monkeypatch):
    monkeypatch.setattr("ui.intake._AGAIN_S", 0.05)
    lock, busy = Library.lock, threading.Event()

    def locked(self, purpose=""):
        if not busy.is_set():
            raise LibraryInUse("the library is in use: wait")
        lock(self, purpose)

    monkeypatch.setattr(Library, "lock", locked)
    job = send(intake, "a.txt")
    until(lambda: intake.jobs.get(job.id, "").note == "the library is in use: wait")
    busy.set()
    assert settled(intake) == {"a.txt": "done"}


def test_an_unexpected_error_is_logged_and_told_and_the_rest_goes_on(intake, embedder, monkeypatch, caplog):
    embed = AngleEmbedder.embed

    def fail(self, texts):
        monkeypatch.setattr(AngleEmbedder, "embed", embed)
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(AngleEmbedder, "embed", fail)
    send(intake, "a.txt")
    until(lambda: intake.jobs.of("")[0].state == "failed")
    assert "something went wrong" in intake.jobs.of("")[0].note
    assert "surprise" in caplog.text
    send(intake, "b.txt")
    assert settled(intake) == {"a.txt": "failed", "b.txt": "done"}


def test_many_files_are_embedded_together(intake, embedder, monkeypatch):
    calls = []
    embed = AngleEmbedder.embed

    def counted(self, texts):
        calls.append(len(texts))
        return embed(self, texts)

    monkeypatch.setattr(AngleEmbedder, "embed", counted)
    monkeypatch.setattr(intake, "start", lambda: None)
    for n in range(20):
        send(intake, f"{n}.txt", f"Plane {n} came.".encode())
    monkeypatch.undo()
    monkeypatch.setattr(ingest.local_engine, "Worker", Slow)
    monkeypatch.setattr(AngleEmbedder, "embed", counted)
    intake.start()
    assert set(settled(intake).values()) == {"done"}
    assert calls == [20]
