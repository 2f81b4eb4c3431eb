from __future__ import annotations

import os
import signal

import pytest

from ui.stopping import gentle_stop

HANDLERS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def _usual():
    """A shell lets what it runs in the background ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_first_signal_asks(number, code) -> None:
    with gentle_stop() as stop:
        assert not stop
        assert stop.exit_code == 0
        os.kill(os.getpid(), number)
        assert stop
        assert stop.exit_code == code


def test_the_second_ctrl_c_ends_at_once() -> None:
    def twice() -> None:
        with gentle_stop() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert stop
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        twice()


def test_signals_have_their_usual_effect_afterwards() -> None:
    before = [signal.getsignal(number) for number in HANDLERS]
    with gentle_stop():
        assert [signal.getsignal(number) for number in HANDLERS] != before
    assert [signal.getsignal(number) for number in HANDLERS] == before
