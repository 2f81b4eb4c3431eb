from __future__ import annotations

import threading
import time

import pytest

from ui.turnstile import Turnstile


class Guest:
    """Waits at a turnstile in a thread of its own, and says where it stands."""

    def __init__(self, turnstile: Turnstile) -> None:
        self.places: list[int] = []
        self.wants = True
        self.leave = threading.Event()
        self.inside = threading.Event()
        self.let_in: bool | None = None
        self._thread = threading.Thread(target=self._go, args=(turnstile,))
        self._thread.start()

    def _go(self, turnstile: Turnstile) -> None:
        with turnstile.passed(lambda: self.wants, self.places.append) as self.let_in:
            self.inside.set()
            self.leave.wait(120)

    def gone(self) -> None:
        self.leave.set()
        self._thread.join(120)
        assert not self._thread.is_alive()


def until(condition) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def arrive(turnstile: Turnstile, n: int) -> list[Guest]:
    guests = []
    for place in range(n):
        guests.append(Guest(turnstile))
        until(lambda place=place: len(turnstile._queue) == place + 1)
    return guests


@pytest.mark.parametrize("abreast", [1, 2, 5])
def test_so_many_pass_at_a_time_in_the_order_of_their_coming(abreast: int) -> None:
    guests = arrive(Turnstile(abreast), 5)
    for n, guest in enumerate(guests):
        for each in guests[n : n + abreast]:
            assert each.inside.wait(120)
        assert not any(each.inside.is_set() for each in guests[n + abreast :])
        guest.gone()
    assert all(guest.let_in for guest in guests)


def test_who_waits_is_told_each_place() -> None:
    guests = arrive(Turnstile(1), 3)
    until(lambda: guests[2].places == [2])
    guests[0].gone()
    until(lambda: guests[2].places == [2, 1])
    guests[1].gone()
    until(lambda: guests[2].places == [2, 1, 0])
    assert guests[0].places == []
    guests[2].gone()


def test_who_gives_up_is_not_waited_for() -> None:
    guests = arrive(Turnstile(1), 3)
    guests[1].wants = False
    assert guests[1].inside.wait(120)
    assert guests[1].let_in is False
    guests[1].gone()
    guests[0].gone()
    assert guests[2].inside.wait(120)
    assert guests[2].let_in
    guests[2].gone()


def test_an_error_inside_gives_the_place_back() -> None:
    turnstile = Turnstile(1)
    with pytest.raises(KeyError), turnstile.passed(lambda: True, lambda _: None):
        raise KeyError
    with turnstile.passed(lambda: True, lambda _: None) as let_in:
        assert let_in
