from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import UploadNotFound, UsageError
from rag.people.uploads import ALIVE, IN_HAND, Upload, Uploads
from rag.storage.passing import Passing
from rag.storage.tables import uploads
from ui.jobs import KEPT, Job, Jobs, job_of


def placed(upload: Upload) -> Job:
    return job_of(upload, Path("/uploads", upload.name), Path("/incoming", upload.id))


def job(name: str, owner: str = "", target: str = "") -> Job:
    return placed(Upload(name, owner, f"{target or name}.txt"))


def made(forgotten: list[str] | None = None) -> Jobs:
    rows = Uploads(Passing([uploads]))
    return Jobs(rows, placed, lambda each: None if forgotten is None else forgotten.append(each.id))


@pytest.fixture
def forgotten() -> list[str]:
    return []


@pytest.fixture
def jobs(forgotten) -> Jobs:
    return made(forgotten)


def states(jobs: Jobs, owner: str = "") -> dict[str, str]:
    return {each.id: each.state for each in jobs.of(owner)}


def test_a_job_is_read_embedded_stored_and_done(jobs):
    jobs.submit(job("a"))
    jobs.submit(job("b"))
    assert jobs.take().id == "a"
    assert states(jobs) == {"a": "reading", "b": "waiting"}
    assert jobs.take().id == "b"
    assert states(jobs) == {"a": "embedding", "b": "reading"}
    assert jobs.take() is None
    assert jobs.claim("a")
    jobs.settle("a", "done", n_passages=3)
    assert [(each.state, each.n_passages) for each in jobs.of("")] == [("done", 3), ("embedding", 0)]


def test_a_job_that_is_on_the_list_is_not_begun_again(jobs):
    jobs.submit(job("a"))
    jobs.take()
    jobs.submit(job("a"))
    assert states(jobs) == {"a": "reading"}


def test_a_waiting_job_is_cancelled_at_once(jobs, forgotten):
    jobs.submit(job("a"))
    jobs.cancel("a", "")
    assert (states(jobs), forgotten) == ({"a": "cancelled"}, ["a"])
    assert jobs.take() is None


def test_a_job_in_hand_is_cancelled_and_never_stored(jobs, forgotten):
    jobs.submit(job("a"))
    jobs.take()
    assert jobs.is_wanted("a")
    jobs.cancel("a", "")
    assert not jobs.is_wanted("a")
    assert not jobs.claim("a")
    jobs.settle("a", "done")
    assert states(jobs) == {"a": "cancelled"}
    assert forgotten == []  # who reads it has it still


def test_a_job_that_is_being_stored_goes_on(jobs):
    jobs.submit(job("a"))
    jobs.take()
    assert jobs.claim("a")
    jobs.cancel("a", "")
    assert states(jobs) == {"a": "storing"}


def test_a_failed_job_is_tried_again_behind_the_others_or_dismissed(jobs, forgotten):
    for name in "ab":
        jobs.submit(job(name))
    jobs.take()
    jobs.settle("a", "failed", note="no pdf")
    with pytest.raises(UsageError, match="b.txt did not fail"):
        jobs.retry("b", "")
    jobs.retry("a", "")
    assert [(each.id, each.state, each.note) for each in jobs.of("")] == [
        ("b", "waiting", ""),
        ("a", "waiting", ""),
    ]
    jobs.take()
    jobs.settle("b", "failed")
    jobs.cancel("b", "")
    assert (states(jobs), forgotten) == ({"a": "waiting"}, ["b"])


def test_clearing_leaves_what_is_alive(jobs):
    for name in "abc":
        jobs.submit(job(name))
    jobs.take()
    jobs.settle("a", "done")
    jobs.take()
    jobs.settle("b", "failed")
    jobs.clear("")
    assert states(jobs) == {"c": "waiting"}


def test_two_versions_of_a_file_are_not_in_hand_together(jobs):
    jobs.submit(job("old", target="x"))
    jobs.submit(job("new", target="x"))
    jobs.submit(job("other"))
    assert [jobs.take().id, jobs.take().id] == ["old", "other"]
    assert jobs.take() is None
    jobs.settle("old", "done")
    assert jobs.take().id == "new"


def test_the_jobs_of_another_are_not_there(jobs):
    jobs.submit(job("a", "anna"))
    assert jobs.of("bob") == []
    for act in (jobs.get, jobs.cancel, jobs.retry):
        with pytest.raises(UploadNotFound, match="no upload 'a'"):
            act("a", "bob")
    jobs.clear("bob")
    assert states(jobs, "anna") == {"a": "waiting"}


def test_the_version_changes_with_what_is_told_and_with_nothing_else(jobs):
    jobs.submit(job("a", "anna"))
    before = jobs.version(jobs.told("anna"))
    assert jobs.version(jobs.told("anna")) == before
    assert jobs.version(jobs.told("bob")) != before
    jobs.take()
    assert jobs.version(jobs.told("anna")) != before


def test_what_was_in_hand_waits_again_once_its_worker_stops(jobs):
    for name in "ab":
        jobs.submit(job(name))
    jobs.take()
    jobs.take()
    jobs.cancel("b", "")
    jobs.release(note="the library is in use")
    assert [(each.id, each.state, each.note) for each in jobs.of("")] == [
        ("a", "waiting", "the library is in use"),
        ("b", "cancelled", ""),
    ]
    assert jobs.take().note == ""


def test_a_file_to_be_removed_is_waited_for(jobs):
    jobs.submit(job("old", target="x"))
    jobs.submit(job("new", target="x"))
    jobs.take()
    jobs.claim("old")
    settled = []

    def settle() -> None:
        settled.append("old")
        jobs.settle("old", "done")

    threading.Timer(0.2, settle).start()
    jobs.forget(Path("/uploads/x.txt"))
    assert settled == ["old"]
    assert jobs.of("") == []


def test_waiting_ends_with_a_job_or_the_end(jobs):
    assert not jobs.wait(0.01)
    threading.Timer(0.05, lambda: jobs.submit(job("a"))).start()
    assert jobs.wait(600)
    jobs.take()
    threading.Timer(0.05, jobs.end).start()
    began = time.monotonic()
    assert not jobs.wait(600)
    assert time.monotonic() - began < 300


def test_the_oldest_of_many_finished_jobs_are_forgotten(jobs, forgotten):
    for n in range(KEPT + 3):
        jobs.submit(job(str(n)))
        jobs.take()
        jobs.settle(str(n), "done")
    assert len(jobs.of("")) == KEPT
    assert forgotten == ["0", "1", "2"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["submit", "take", "claim", "settle", "fail", "cancel", "retry", "release"]),
            st.integers(0, 3),
        ),
        max_size=40,
    )
)
def test_whatever_is_done_a_cancelled_job_is_never_stored_and_none_is_lost(steps):
    jobs, claimed = made(), set[str]()
    for step, n in steps:
        name = str(n)
        known = {each.id: each.state for each in jobs.of("")}
        if step == "submit" and name not in known:
            jobs.submit(job(name))
            claimed.discard(name)
        elif step == "take":
            jobs.take()
        elif step == "claim" and jobs.claim(name):
            assert known[name] in IN_HAND
            claimed.add(name)
        elif step in ("settle", "fail"):
            jobs.settle(name, "done" if step == "settle" else "failed")
        elif step == "cancel" and known.get(name) in ALIVE:
            jobs.cancel(name, "")
            assert states(jobs)[name] == ("storing" if known[name] == "storing" else "cancelled")
        elif step == "retry" and known.get(name) == "failed":
            jobs.retry(name, "")
            claimed.discard(name)
        elif step == "release":
            jobs.release()
        after = states(jobs)
        assert known.keys() <= after.keys()
        assert not [each for each in claimed if after[each] == "cancelled" and known.get(each) == "storing"]
        assert sum(state == "reading" for state in after.values()) <= 1
