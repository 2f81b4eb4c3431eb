from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from rag.errors import StorageError
from rag.people.sessions import IDLE, LONGEST, MOST, STEP, Sessions
from rag.people.users import Users


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def __iadd__(self, span: timedelta) -> Clock:
        self.now += span
        return self


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(library, clock) -> Sessions:
    users = Users(library.catalog, PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    for name in ("anna", "bob"):
        users.add(name, "correct horse battery")
    return Sessions(library.catalog, clock)


def rows(library) -> list[tuple]:
    with library.catalog.transaction(write=False) as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM sessions ORDER BY made_at")]


def test_a_token_is_random_and_only_its_hash_is_stored(sessions, library) -> None:
    tokens = {sessions.begin("anna") for _ in range(5)}
    assert len(tokens) == 5
    assert all(len(token) == 43 for token in tokens)  # 256 bits in base64
    stored = repr(rows(library))
    assert not [token for token in tokens if token in stored]
    assert {sessions.user_of(token) for token in tokens} == {"anna"}


@pytest.mark.parametrize("token", ["", "x", "\udcff", "' OR 1=1 --", "0" * 64])
def test_what_is_no_token_is_nobodys(sessions, token: str) -> None:
    sessions.begin("anna")
    assert sessions.user_of(token) is None


def test_what_is_stored_is_no_token(sessions, library) -> None:
    sessions.begin("anna")
    assert sessions.user_of(rows(library)[0][0]) is None


def test_a_session_that_is_not_used_ends(sessions, library, clock) -> None:
    token = sessions.begin("anna")
    clock += IDLE - timedelta(seconds=1)
    assert sessions.user_of(token) == "anna"
    clock += IDLE
    assert sessions.user_of(token) is None
    assert rows(library) == []
    assert sessions.user_of(token) is None


def test_one_that_is_used_goes_on_but_for_no_longer_than_a_week(sessions, clock) -> None:
    token, began = sessions.begin("anna"), clock.now
    while sessions.user_of(token) == "anna":
        clock += timedelta(hours=6)
    assert clock.now - began == LONGEST


def test_reading_writes_at_most_every_ten_minutes(sessions, library, clock) -> None:
    token = sessions.begin("anna")
    [before] = rows(library)
    clock += STEP - timedelta(seconds=1)
    assert sessions.user_of(token) == "anna"
    assert rows(library) == [before]
    clock += timedelta(seconds=1)
    assert sessions.user_of(token) == "anna"
    [after] = rows(library)
    assert after[-1] == (clock.now + IDLE).isoformat(timespec="seconds") > before[-1]


def test_signing_out_ends_one_session(sessions) -> None:
    one, two = sessions.begin("anna"), sessions.begin("anna")
    sessions.end(one)
    sessions.end("nobody's")
    assert (sessions.user_of(one), sessions.user_of(two)) == (None, "anna")


def test_signing_in_forgets_what_has_expired_of_anybody(sessions, library, clock) -> None:
    sessions.begin("anna")
    clock += IDLE
    sessions.begin("bob")
    assert [row[1] for row in rows(library)] == ["bob"]


def test_the_oldest_of_many_sessions_ends(sessions, clock) -> None:
    other = sessions.begin("bob")
    tokens = []
    for _ in range(MOST + 2):
        tokens.append(sessions.begin("anna"))
        clock += timedelta(seconds=1)
    assert [sessions.user_of(token) for token in tokens] == [None] * 2 + ["anna"] * MOST
    assert sessions.user_of(other) == "bob"


def test_a_disk_that_cannot_be_written_signs_nobody_out(sessions, library, clock, monkeypatch) -> None:
    token = sessions.begin("anna")
    transaction = library.catalog.transaction

    def full(*, write: bool):
        if write:
            raise StorageError("no space left")
        return transaction(write=write)

    monkeypatch.setattr(library.catalog, "transaction", full)
    clock += STEP
    assert sessions.user_of(token) == "anna"
    clock += IDLE
    assert sessions.user_of(token) is None
    with pytest.raises(StorageError):
        sessions.begin("anna")


def test_a_session_outlives_the_process(sessions, library, clock) -> None:
    token = sessions.begin("anna")
    assert Sessions(library.catalog, clock).user_of(token) == "anna"
