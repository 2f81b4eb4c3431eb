from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.people.limits import LASTING_S, Limits
from rag.storage.read_only import refused
from ui.allowance import Allowances, taken


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self, _connection) -> float:
        return self.at


class Bucket:
    """A bucket and its clock, without a catalogue."""

    def __init__(self, a_minute: int) -> None:
        self.a_minute = a_minute
        self.tokens, self.at, self.now = float(a_minute), 0.0, 0.0

    def take(self) -> float:
        self.tokens, seconds = taken(self.tokens, self.now - self.at, self.a_minute)
        self.at = self.now
        return seconds


def test_a_minutes_questions_may_come_at_once_and_then_as_time_goes_by(library) -> None:
    clock = Clock()
    one, two = (Allowances(Limits(library.catalog, clock)) for _ in range(2))  # as in two processes
    assert [each.take("one", 3) for each in (one, two, one)] == [0, 0, 0]
    assert two.take("one", 3) == pytest.approx(20)
    assert one.take("other", 3) == 0
    clock.at = 19.0
    assert two.take("one", 3) == pytest.approx(1)
    clock.at = 20.0
    assert one.take("one", 3) == 0
    assert one.take("one", 3) == pytest.approx(20)


def test_a_bucket_that_was_forgotten_was_full(library) -> None:
    clock = Clock()
    allowances = Allowances(Limits(library.catalog, clock))
    assert [allowances.take("one", 2) == 0 for _ in range(3)] == [True, True, False]
    clock.at += LASTING_S + 1
    assert [allowances.take("one", 2) == 0 for _ in range(3)] == [True, True, False]


def test_many_at_one_moment_get_what_there_is_and_no_more(library) -> None:
    allowances = Allowances(Limits(library.catalog, Clock()))
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: allowances.take("one", 7), range(20)))
    assert sum(not each for each in waits) == 7


def test_who_cannot_be_counted_may_ask(library, monkeypatch) -> None:
    def fails(**_options) -> None:
        raise refused(library.path)

    monkeypatch.setattr(library.catalog, "transaction", fails)
    assert Allowances(Limits(library.catalog)).take("one", 1) == 0


@given(st.integers(1, 50), st.lists(st.floats(0, 30), max_size=200))
def test_no_minute_has_more_than_two_minutes_questions_and_no_hour_more_than_its_own(a_minute, gaps) -> None:
    bucket = Bucket(a_minute)
    passed = []
    for gap in gaps:
        bucket.now += gap
        if bucket.take() == 0:
            passed.append(bucket.now)
    for start in passed:
        within = [at for at in passed if start <= at <= start + 60]
        assert len(within) <= 2 * a_minute + 1
    assert len(passed) <= a_minute * (1 + bucket.now / 60) + 1e-6


@given(st.integers(1, 1000), st.floats(0, 0.9))
def test_who_waits_as_long_as_told_is_let_in(a_minute, passed) -> None:
    bucket = Bucket(a_minute)
    for _ in range(a_minute):
        assert bucket.take() == 0
    bucket.now += passed * 60 / a_minute
    bucket.now += bucket.take() + 1e-9
    assert bucket.take() == 0


def test_a_clock_that_was_set_back_takes_nothing_away() -> None:
    assert taken(2.0, -3600.0, 6) == (1.0, 0.0)
