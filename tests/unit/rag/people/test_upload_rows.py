"""Uploads that several processes work at: each file is in one pair of hands, and none is lost with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from rag.people.presence import Presence
from rag.people.uploads import Upload, Uploads
from rag.storage.tables import processes


@pytest.fixture
def two(library) -> list[Presence]:
    made = [Presence(library.catalog) for _ in range(2)]
    for each in made:
        each.beat()
    return made


@pytest.fixture
def rows(library, two) -> list[Uploads]:
    return [Uploads(library.catalog, each.name) for each in two]


def kill(library, presence: Presence) -> None:
    """Let a process fall silent."""
    with library.catalog.transaction(write=True) as connection:
        connection.execute(sa.update(processes).where(processes.c.name == presence.name).values(ends_at=0))


def states(rows: Uploads) -> dict[str, str]:
    return {each.id: each.state for each in rows.of()}


def test_each_is_taken_once_and_two_versions_of_a_file_never_at_a_time(rows) -> None:
    for n in range(40):
        rows[0].add(Upload(f"{n:02}", "", f"{n % 20}.txt"))
    with ThreadPoolExecutor(4) as pool:
        taken = [each for each in pool.map(lambda n: rows[n % 2].take(), range(30)) if each is not None]
    assert sorted(each.id for each in taken) == [f"{n:02}" for n in range(20)]
    assert {each.state for each in taken} == {"reading"}


def test_what_a_process_that_is_gone_had_in_hand_another_one_takes_over(library, two, rows) -> None:
    one, other = rows
    for name in "abc":
        one.add(Upload(name, "", f"{name}.txt"))
    assert [each.take().id for each in (one, one, other)] == ["a", "b", "c"]
    assert other.recover() == []
    assert states(other) == {"a": "embedding", "b": "reading", "c": "reading"}
    kill(library, two[0])
    other.recover()
    assert states(other) == {"a": "waiting", "b": "waiting", "c": "reading"}
    assert other.take().id == "a"
    # it was not gone after all: what it does now to what it lost changes nothing
    two[0].beat()
    assert not one.change("a", ("reading", "embedding"), own=True, state="storing")
    one.release("a note")
    assert states(other) == {"a": "reading", "b": "waiting", "c": "embedding"}


def test_a_file_that_was_coming_goes_with_its_process_and_is_seen_by_nobody(library, two, rows) -> None:
    one, other = rows
    for name in "ab":
        one.expect(name)
    one.add(Upload("a", "anna", "a.txt", 3))
    assert (other.of("anna"), other.get("b")) == ([Upload("a", "anna", "a.txt", 3)], None)
    kill(library, two[0])
    assert other.recover() == ["b"]
    assert states(other) == {"a": "waiting"}


def test_an_upload_that_is_there_is_not_begun_again(rows) -> None:
    for each in rows:
        each.add(Upload("a", "", "a.txt"))
        each.take()
    assert states(rows[0]) == {"a": "reading"}
