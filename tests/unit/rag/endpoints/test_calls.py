"""Calls to a server: limited, tried again, stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

from rag.endpoints.calls import FIRST_S, LONGEST_S, Calls
from rag.endpoints.circuit import FAILURES, REST_S, Circuit
from rag.errors import FootnoteError, ModelError, ModelPaused, ModelUnavailable


class Time:
    """A clock, and the sleep that moves it on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Passes(Exception):
    """What may succeed later."""

    again_s: float | None = None


def translate(error: BaseException) -> FootnoteError:
    if isinstance(error, FootnoteError):
        return error
    if isinstance(error, Passes):
        return ModelUnavailable("away", again_s=error.again_s)
    return ModelError("wrong")


@pytest.fixture
def time() -> Time:
    return Time()


def calls(time: Time, *, at_once: int = 4, retry_s: float = 20.0) -> Calls:
    return Calls("the model x", at_once, retry_s, translate, clock=time, sleep=time.sleep)


def script(*ends: BaseException | str):
    """Return a call that ends in these ways, one after the other."""
    left = list(ends)

    def call() -> str:
        end = left.pop(0)
        if isinstance(end, BaseException):
            raise end
        return end

    return call


def test_what_passes_is_tried_again_after_longer_and_longer_waits(time) -> None:
    assert calls(time).one(script(Passes(), Passes(), Passes(), "fine")) == "fine"
    assert len(time.slept) == 3
    for n, slept in enumerate(time.slept):
        assert FIRST_S * 2**n / 2 <= slept <= FIRST_S * 2**n


def test_no_wait_is_longer_than_the_longest(time) -> None:
    many = calls(time, retry_s=600)
    for _ in range(3):
        many.one(script(*[Passes()] * (FAILURES - 1), "fine"))
    assert max(time.slept) <= LONGEST_S


def test_waits_are_drawn_so_that_not_all_come_again_at_once(time) -> None:
    for _ in range(20):
        calls(time).one(script(Passes(), "fine"))
    assert len(set(time.slept)) > 10


def test_what_does_not_pass_is_not_tried_again(time) -> None:
    with pytest.raises(ModelError, match="wrong"):
        calls(time).one(script(ValueError("x"), "never"))
    assert time.slept == []


def test_the_wait_that_a_server_names_is_kept(time) -> None:
    error = Passes()
    error.again_s = 7.0
    assert calls(time).one(script(error, "fine")) == "fine"
    assert 7.0 <= time.slept[0] <= 7.5


def test_a_wait_beyond_the_time_for_retries_is_told_instead(time) -> None:
    error = Passes()
    error.again_s = 60.0
    with pytest.raises(ModelUnavailable) as caught:
        calls(time).one(script(error, "never"))
    assert (caught.value.again_s, time.slept) == (60.0, [])


def test_without_time_for_retries_there_is_one_attempt(time) -> None:
    with pytest.raises(ModelUnavailable, match="away"):
        calls(time, retry_s=0).one(script(Passes(), "never"))


def test_a_server_that_keeps_failing_is_left_alone_and_tried_after_its_rest(time) -> None:
    made = calls(time, retry_s=0)
    for _ in range(FAILURES):
        with pytest.raises(ModelUnavailable, match="away"):
            made.one(script(Passes()))
    with pytest.raises(
        ModelPaused, match="the model x failed 5 times in a row .* ask again in 15 s"
    ) as caught:
        made.one(script("never"))
    assert caught.value.again_s == REST_S
    time.now += REST_S
    assert made.one(script("fine")) == "fine"
    assert made.one(script("fine")) == "fine"


def test_retries_end_when_the_circuit_opens(time) -> None:
    with pytest.raises(ModelPaused):
        calls(time, retry_s=600).one(script(*[Passes()] * 100))
    assert len(time.slept) == FAILURES


def test_a_wrong_request_shows_that_the_server_answers(time) -> None:
    made = calls(time, retry_s=0)
    for _ in range(3):
        for _ in range(FAILURES - 1):
            with pytest.raises(ModelUnavailable):
                made.one(script(Passes()))
        with pytest.raises(ModelError, match="wrong"):
            made.one(script(ValueError()))


def words(*said: str | Exception) -> Iterator[str]:
    for each in said:
        if isinstance(each, Exception):
            raise each
        yield each


def test_a_stream_is_tried_again_until_its_first_item(time) -> None:
    streams = [words(Passes()), words("one", "two")]
    assert list(calls(time).each(lambda: streams.pop(0))) == ["one", "two"]


def test_a_stream_that_breaks_off_is_not_begun_again(time) -> None:
    streams = [words("one", Passes()), words("never")]
    stream = calls(time).each(lambda: streams.pop(0))
    assert next(stream) == "one"
    with pytest.raises(ModelUnavailable, match="away"):
        next(stream)


def test_the_first_item_of_a_trial_closes_the_circuit(time) -> None:
    circuit = Circuit(time)
    made = Calls("x", 4, 0, translate, circuit=circuit, clock=time, sleep=time.sleep)
    for _ in range(FAILURES):
        circuit.failed()
    time.now += REST_S
    stream = made.each(lambda: words("one", "two"))
    assert next(stream) == "one"
    assert made.one(script("fine")) == "fine"  # beside the stream


def test_a_trial_that_nobody_waits_for_lets_another_try(time) -> None:
    circuit = Circuit(time)
    made = Calls("x", 4, 0, translate, circuit=circuit, clock=time, sleep=time.sleep)
    for _ in range(FAILURES):
        circuit.failed()
    time.now += REST_S
    with pytest.raises(KeyboardInterrupt):
        made.one(script(KeyboardInterrupt()))
    assert made.one(script("fine")) == "fine"


def test_no_more_calls_are_in_flight_than_allowed(time) -> None:
    made, lock = calls(time, at_once=3), threading.Lock()
    now = most = 0
    full = threading.Barrier(3, timeout=60)

    def call() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        full.wait()  # three are needed to go on
        with lock:
            now -= 1

    threads = [threading.Thread(target=made.one, args=(call,)) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == 3


def test_a_closed_stream_gives_its_place_back(time) -> None:
    made = calls(time, at_once=1)
    stream = made.each(lambda: words("one", "two"))
    next(stream)
    stream.close()
    assert made.one(script("fine")) == "fine"


def test_nobody_holds_a_place_while_waiting_to_try_again(time) -> None:
    made = calls(time, at_once=1)
    time.sleep = lambda _: made.one(script("another"))  # would wait for ever
    made._sleep = time.sleep
    assert made.one(script(Passes(), "fine")) == "fine"


def test_the_waits_grow(time) -> None:
    with pytest.raises(ModelUnavailable):
        calls(time, retry_s=8).one(script(*[Passes()] * 100))
    assert all(2 * b > a for a, b in pairwise(time.slept))
    assert sum(time.slept) <= 8
