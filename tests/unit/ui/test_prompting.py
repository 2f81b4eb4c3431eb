"""Lines of a conversation: from a pipe, typed plainly, and kept for the arrow keys."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from ui.prompting import _kept, history_file, line_reader


class _In(io.TextIOWrapper):
    def __init__(self, held: bytes, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(held), "utf-8")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def _nothing(line: str) -> list[str]:
    return []


@pytest.fixture
def state(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_pipe_is_read_line_by_line_without_a_prompt(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", _In("One?\nTwo \udcff?".encode("utf-8", "surrogateescape")))
    read = line_reader(_nothing, plain=False)
    assert [read("> "), read("> ")] == ["One?\n", "Two \ufffd?"]
    with pytest.raises(EOFError):
        read("> ")
    assert capsys.readouterr() == ("", "")


def test_lines_are_typed_plainly(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", _In(b"One?\n", terminal=True))
    read = line_reader(_nothing, plain=True)
    assert read("> ") == "One?"
    with pytest.raises(EOFError):
        read("> ")
    assert capsys.readouterr() == ("", "> > ")  # an output that is no terminal has answers alone


def test_lines_are_edited_and_kept(monkeypatch, state) -> None:
    monkeypatch.setattr("sys.stdin", _In(b"", terminal=True))
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        read = line_reader(lambda line: ["/open 1"] if line == "/o" else [], plain=False)
        keys.send_text("Two?\x1b[D\x1b[DX\r")
        assert read("> ") == "TwXo?"
        keys.send_text("\x1b[A\r")
        assert read("> ") == "TwXo?"
        keys.send_text("/o\t\r")
        assert read("> ") == "/open 1"
        keys.send_text("\x03")
        with pytest.raises(KeyboardInterrupt):
            read("> ")
        keys.send_text("\x04")
        with pytest.raises(EOFError):
            read("> ")
    assert "+TwXo?" in history_file().read_text("utf-8")


def test_what_is_kept_is_this_user_s_alone(state) -> None:
    assert isinstance(_kept(history_file()), FileHistory)
    assert stat.S_IMODE(history_file().stat().st_mode) == 0o600
    assert history_file().is_relative_to(state)


def test_where_nothing_can_be_kept_it_is_remembered(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert isinstance(_kept(tmp_path / "file" / "questions"), InMemoryHistory)


def test_a_line_that_cannot_be_kept_is_read_all_the_same(tmp_path) -> None:
    history = _kept(tmp_path / "questions")
    history.append_string("half \ud800 a character")
    (tmp_path / "questions").unlink()
    (tmp_path / "questions").mkdir()
    history.append_string("no room")
    assert history.get_strings() == ["half \ud800 a character", "no room"]
