"""The circuit before a server that may fail."""

from __future__ import annotations

import pytest

from rag.endpoints.circuit import FAILURES, REST_S, TRIAL_S, WITHIN_S, Circuit


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock) -> Circuit:
    return Circuit(clock)


def fail(circuit: Circuit, times: int) -> None:
    for _ in range(times):
        assert circuit.enter() == 0
        circuit.failed()


def test_a_server_that_keeps_failing_rests(circuit, clock) -> None:
    fail(circuit, FAILURES)
    assert circuit.enter() == REST_S
    clock.now += REST_S - 1
    assert circuit.enter() == 1


def test_failures_with_a_success_between_them_do_not_add_up(circuit) -> None:
    for _ in range(3):
        fail(circuit, FAILURES - 1)
        circuit.succeeded()
    assert circuit.enter() == 0


def test_failures_far_apart_do_not_add_up(circuit, clock) -> None:
    for _ in range(3 * FAILURES):
        fail(circuit, 1)
        clock.now += WITHIN_S / (FAILURES - 2)
    assert circuit.enter() == 0


@pytest.mark.parametrize("end", ["succeeded", "failed", "left"])
def test_after_the_rest_one_call_tries_it(circuit, clock, end) -> None:
    fail(circuit, FAILURES)
    clock.now += REST_S
    assert circuit.enter() == 0
    assert circuit.enter() == TRIAL_S  # another one, meanwhile
    getattr(circuit, end)()
    assert circuit.enter() == (REST_S if end == "failed" else 0)


def test_a_late_failure_does_not_make_the_rest_longer(circuit, clock) -> None:
    fail(circuit, FAILURES)
    clock.now += REST_S / 2
    circuit.failed()  # of a call that began before
    assert circuit.enter() == REST_S / 2
