"""Uploads of a library that several processes serve: any of them reads what any of them received."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa
from fakes import AngleEmbedder
from slow_worker import Slow

import ingest.local_engine
from ingest.limits import DEFAULT_LIMITS
from ingest.load import load
from rag.errors import OriginalGone
from rag.maintenance.contents import PLACE, is_kept
from rag.people.presence import Presence
from rag.storage.tables import originals, parts, processes, uploads
from ui import kept_uploads
from ui.fetched import Fetched
from ui.intake import Intake
from ui.originals import Originals
from ui.uploads import safe_path

TEXT = b"A plane came from Libya.\nThe minister spoke about oil."


@pytest.fixture(autouse=True)
def _unfenced(monkeypatch) -> None:
    monkeypatch.setattr(ingest.local_engine, "Worker", Slow)
    monkeypatch.setattr(kept_uploads, "PIECE", 10)


@pytest.fixture
def make(library):
    """Return a function that makes an intake as a process of its own has it; all are stopped at the end."""
    made: list[Intake] = []

    def make() -> Intake:
        presence = Presence(library.catalog)
        presence.beat()
        made.append(Intake(library, AngleEmbedder(), DEFAULT_LIMITS, None, presence))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def send(intake: Intake, name: str, content: bytes = TEXT, owner: str = "", *, start: bool = True):
    part = intake.incoming.begin()
    part.write(content)
    job = intake.incoming.keep(part, owner, safe_path(name))
    if start:
        intake.submit(job)
    return job


def until(condition) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def count(library, table) -> int:
    with library.catalog.transaction(write=False) as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table))


def test_one_process_reads_what_another_received_and_everybody_sees_it(make, library) -> None:
    one, other = make(), make()
    job = send(one, "a/planes.txt", owner="anna", start=False)
    assert other.jobs.of("anna") == [other.incoming.job(job)]
    other.start()
    until(lambda: one.jobs.get(job.id, "anna").state == "done")
    [document] = library.documents()
    assert document.uri == (PLACE / "@anna/a/planes.txt").as_uri()
    assert not other.incoming.job(job).content.exists()
    one.jobs.clear("anna")
    assert count(library, uploads) == 0
    assert Originals(fetched=Fetched(library.catalog)).read(document) == TEXT
    one.remove(document)
    assert (count(library, originals), count(library, parts)) == (0, 0)
    with pytest.raises(OriginalGone, match="no file of its own"):
        Originals(fetched=Fetched(library.catalog)).open(document)


def test_a_new_version_takes_the_place_of_the_old_one_and_a_failed_one_does_not(make, library) -> None:
    one, other = make(), make()
    for intake, content, state in ((one, TEXT, "done"), (other, b"", "failed"), (one, b"Oil rose.", "done")):
        job = send(intake, "a.txt", content)
        until(lambda job=job, state=state: other.jobs.get(job.id, "").state == state)
    [document] = library.documents()
    assert Originals(fetched=Fetched(library.catalog)).read(document) == b"Oil rose."
    one.jobs.clear("")
    assert {is_kept(document.uri), count(library, originals)} == {True}
    assert count(library, parts) == 1


def test_what_a_process_was_reading_when_it_died_is_read_by_another(make, library, monkeypatch) -> None:
    one, other = make(), make()
    job = send(one, "a.txt", b"for ever")
    until(lambda: other.jobs.get(job.id, "").state == "reading")
    half = one.incoming.begin()
    half.write(b"only the beginning of it")
    silent = sa.update(processes).where(processes.c.name == one.jobs._uploads._process).values(ends_at=0)
    with library.catalog.transaction(write=True) as connection:  # and yet it goes on
        connection.execute(silent)
    monkeypatch.setattr(
        Slow, "_load", lambda _, name, data, scans, limits, __: load(data, name, limits, scans)
    )
    other.start()
    other.recover()
    until(lambda: other.jobs.get(job.id, "").state == "done")
    assert [document.n_passages for document in library.documents()] == [1]
    assert count(library, uploads) == 1
    assert count(library, parts) == 1


def test_what_nobody_wants_any_more_leaves_nothing(make, library) -> None:
    one, other = make(), make()
    waiting = send(one, "a.txt", start=False)
    other.jobs.cancel(waiting.id, "")
    part = one.incoming.begin()
    part.write(TEXT)
    part.drop()
    busy = send(one, "b.txt", b"for ever")
    until(lambda: other.jobs.get(busy.id, "").state == "reading")
    other.jobs.cancel(busy.id, "")
    until(lambda: count(library, parts) == 0)
    assert {each.state for each in one.jobs.of("")} == {"cancelled"}
    assert library.documents() == []
