from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.lockout import TRIES, WINDOW_S, Lockout, address_key, name_key


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lockout(clock) -> Lockout:
    return Lockout(clock)


def test_after_five_wrong_tries_nobody_may_try_until_the_first_is_a_minute_old(lockout, clock) -> None:
    for _ in range(TRIES):
        assert lockout.wait("a") == 0
        lockout.begin("a")
        clock.now += 1
    assert lockout.wait("a") == WINDOW_S - TRIES
    assert lockout.wait("b") == 0
    assert lockout.wait("b", "a") == WINDOW_S - TRIES
    clock.now += WINDOW_S - TRIES
    assert lockout.wait("a") == 0
    lockout.begin("a")
    assert 0 < lockout.wait("a") <= WINDOW_S


def test_what_was_right_does_not_count_and_forgives_nothing_else(lockout) -> None:
    for _ in range(TRIES - 1):
        lockout.begin("a")
    for _ in range(10):
        assert lockout.wait("a") == 0
        lockout.forgive(lockout.begin("a"), "a")
    lockout.begin("a")
    assert lockout.wait("a") > 0


def test_tries_at_the_same_time_count_before_they_are_found_wrong(lockout) -> None:
    begun = [lockout.begin("a") for _ in range(TRIES)]
    assert lockout.wait("a") > 0
    lockout.forgive(begun[0], "a")
    assert lockout.wait("a") == 0


def test_the_memory_is_bounded_and_forgets_the_oldest(clock) -> None:
    lockout = Lockout(clock, most_keys=10)
    for n in range(TRIES):
        for key in ("old", "new"):
            lockout.begin(key)
        clock.now += n
    for n in range(9):
        lockout.begin(f"other {n}")
    assert len(lockout._failures) == 10
    assert lockout.wait("old") == 0
    assert lockout.wait("new") > 0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.floats(0, 40)), max_size=60))
def test_never_more_than_five_failures_in_a_minute(steps) -> None:
    clock = Clock()
    lockout = Lockout(clock)
    failed: dict[str, list[float]] = {"a": [], "b": []}
    for key, right, passes in steps:
        clock.now += passes
        if lockout.wait(key):
            continue
        moment = lockout.begin(key)
        if right:
            lockout.forgive(moment, key)
            continue
        failed[key].append(clock.now)
        recent = [t for t in failed[key] if t > clock.now - WINDOW_S]
        assert len(recent) <= TRIES


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
