"""What is said while something takes its time."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from ui import waiting
from ui.waiting import Waiting, aside, counting, fetching, patiently


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=80, color_system=None)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_S", 0.05)


@pytest.mark.parametrize(
    ("terminal", "seconds", "said"),
    [
        pytest.param(True, 0.5, "opening the library…\n", id="long"),
        pytest.param(True, 0.0, "", id="short"),
        pytest.param(False, 0.5, "", id="nobody-looks"),
    ],
)
def test_a_long_wait_is_explained_to_people(terminal: bool, seconds: float, said: str) -> None:
    out = console(terminal=terminal)
    with patiently(out, "opening the library"):
        time.sleep(seconds)
    time.sleep(0.2)
    assert out.file.getvalue() == said


def test_nothing_is_said_after_an_error() -> None:
    out = console(terminal=True)
    with pytest.raises(KeyError), patiently(out, "opening"):
        raise KeyError
    time.sleep(0.2)
    assert out.file.getvalue() == ""


def test_a_spinner_counts_the_seconds(monkeypatch) -> None:
    at = [100.0]
    monkeypatch.setattr("ui.waiting.time.monotonic", lambda: at[0])
    monkeypatch.setattr(waiting, "PATIENCE_S", 2.0)
    spinner = Waiting("reading")
    assert str(spinner.__rich__().text) == "reading…"
    at[0] += 7.4
    assert str(spinner.__rich__().text) == "reading… 7 s"


def test_files_that_are_fetched_are_named_where_no_bar_can_be() -> None:
    out = console(terminal=False)
    with fetching(out) as move:
        move("model", 0, 2_000_000)
        move("model", 2_000_000, 2_000_000)
    assert out.file.getvalue() == "model (2 MB)…\n"


def test_files_that_are_fetched_have_a_bar_and_nothing_is_drawn_without_any() -> None:
    out = console(terminal=True)
    with fetching(out):
        pass
    assert out.file.getvalue() == ""
    with fetching(out) as move:
        move("model", 1_000_000, 2_000_000)
    assert "1.0/2.0 MB" in out.file.getvalue()


@pytest.mark.parametrize(("terminal", "plain"), [(True, True), (True, False), (False, False)])
def test_beside_an_answer(terminal: bool, plain: bool, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    made = aside(plain=plain)
    assert made.is_terminal is terminal
    assert made.is_interactive is (terminal and not plain)
    assert not (plain and made.color_system)


def test_files_are_counted_in_a_terminal() -> None:
    out = console(terminal=True)
    with counting(out) as bar:
        bar.update(bar.add_task("[b]reading", total=2), advance=1)
        bar.refresh()
    assert "[b]reading" in out.file.getvalue()
    assert "1/2" in out.file.getvalue()
