from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.allowance import Allowances


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_minutes_questions_may_come_at_once_and_then_as_time_goes_by() -> None:
    clock = Clock()
    allowances = Allowances(clock)
    assert [allowances.take("one", 3) for _ in range(3)] == [0, 0, 0]
    assert allowances.take("one", 3) == pytest.approx(20)
    assert allowances.take("other", 3) == 0
    clock.at = 19.0
    assert allowances.take("one", 3) == pytest.approx(1)
    clock.at = 20.0
    assert allowances.take("one", 3) == 0
    assert allowances.take("one", 3) == pytest.approx(20)


@given(st.integers(1, 50), st.lists(st.floats(0, 30), max_size=200))
def test_no_minute_has_more_than_two_minutes_questions_and_no_hour_more_than_its_own(a_minute, gaps) -> None:
    clock = Clock()
    allowances = Allowances(clock)
    passed = []
    for gap in gaps:
        clock.at += gap
        if allowances.take("key", a_minute) == 0:
            passed.append(clock.at)
    for start in passed:
        within = [at for at in passed if start <= at <= start + 60]
        assert len(within) <= 2 * a_minute + 1
    assert len(passed) <= a_minute * (1 + clock.at / 60) + 1e-6


@given(st.integers(1, 1000), st.floats(0, 0.9))
def test_who_waits_as_long_as_told_is_let_in(a_minute, passed) -> None:
    clock = Clock()
    allowances = Allowances(clock)
    for _ in range(a_minute):
        assert allowances.take("key", a_minute) == 0
    clock.at += passed * 60 / a_minute
    clock.at += allowances.take("key", a_minute) + 1e-9
    assert allowances.take("key", a_minute) == 0
