from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.people.limits import Limits
from ui.lockout import TRIES, WINDOW_S, Lockout, address_key, name_key, wait, within


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self, _connection) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lockout(library, clock) -> Lockout:
    return Lockout(Limits(library.catalog, clock))


def test_after_five_wrong_tries_nobody_may_try_until_the_first_is_a_minute_old(lockout, clock) -> None:
    for _ in range(TRIES):
        assert lockout.begin("a").seconds == 0
        clock.now += 1
    assert lockout.begin("a").seconds == WINDOW_S - TRIES
    assert lockout.begin("b").seconds == 0
    assert lockout.begin("b", "a").seconds == WINDOW_S - TRIES
    clock.now += WINDOW_S - TRIES
    assert lockout.begin("a").seconds == 0
    assert 0 < lockout.begin("a").seconds <= WINDOW_S


def test_what_was_right_does_not_count_and_forgives_nothing_else(lockout) -> None:
    for _ in range(TRIES - 1):
        lockout.begin("a")
    for _ in range(10):
        tried = lockout.begin("a")
        assert tried.seconds == 0
        lockout.forgive(tried)
    lockout.begin("a")
    assert lockout.begin("a").seconds > 0


def test_tries_at_the_same_time_count_before_they_are_found_wrong(lockout) -> None:
    begun = [lockout.begin("a") for _ in range(TRIES)]
    assert lockout.begin("a").seconds > 0
    lockout.forgive(begun[0])
    assert lockout.begin("a").seconds == 0


def test_many_at_one_moment_get_five_tries_between_them_by_whatever_process(library) -> None:
    processes = [Lockout(Limits(library.catalog)) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        tries = list(pool.map(lambda n: processes[n % 2].begin("address", f"name {n}"), range(24)))
    assert sum(not each.seconds for each in tries) == TRIES


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 40)), max_size=60))
def test_never_more_than_five_failures_in_a_minute(steps) -> None:
    now, recent = 1000.0, []
    failed: list[float] = []
    for right, passes in steps:
        now += passes
        recent = within(recent, now)
        if wait(recent, now) or right:
            continue
        recent.append(now)
        failed.append(now)
        assert len([moment for moment in failed if moment > now - WINDOW_S]) <= TRIES


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.168.1.5", "192.168.1.6", False),
        ("192.168.1.5", "::ffff:192.168.1.5", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "testclient", False),
    ],
)
def test_what_an_address_is_counted_as(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) == same


def test_a_name_is_no_address() -> None:
    assert name_key("10.0.0.1") != address_key("10.0.0.1")
    assert len(name_key("x" * 10_000)) < 100
