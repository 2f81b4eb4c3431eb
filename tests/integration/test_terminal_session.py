"""The command line in a real terminal: what is drawn, what is typed, and Ctrl-C."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from fakes import QUESTION, TEXT, AngleEmbedder, put
from footnote_with_fakes import WITH_FAKES
from terminals import CTRL_C, CTRL_D, ENTER, in_terminal

from rag.library import Library

CHECKOUT = Path(__file__).parents[2]
SAID = "A plane came from Libya on 26 October."
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[=>])")


@pytest.fixture
def ask(tmp_path):
    """Run ``footnote ask`` in a terminal, on a library of one document."""
    with Library.open(tmp_path / "library", create=True) as library:
        put(library, "news", TEXT, AngleEmbedder())

    def call(*arguments: str, columns: int = 80, lines: int = 24, **environ: str):
        paths = {
            "PYTHONPATH": f"{CHECKOUT}{os.pathsep}{CHECKOUT / 'tests'}",
            "FOOTNOTE_LIBRARY": str(tmp_path / "library"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "FOOTNOTE_LLM": "openai:some",
        }
        command = [*WITH_FAKES, "ask", *arguments]
        return in_terminal(command, paths | {"SAYS": SAID} | environ, tmp_path, columns=columns, lines=lines)

    return call


def test_a_conversation(ask, tmp_path) -> None:
    with ask("-i") as session:
        session.until("/help shows the commands")
        session.until("›")
        session.type(QUESTION + ENTER)
        session.until("Key quotes")
        session.until("Sources")
        session.until("whole answer in")
        session.until("›")
        session.type("/open 1" + ENTER)
        session.until("The minister spoke about oil.")
        session.until("›")
        session.type(CTRL_C)
        session.until("Ctrl-D or /quit leaves.")
        session.until("›")
        session.type(CTRL_D)
        assert session.ended() == 0
    kept = tmp_path / "state/footnote/questions"
    assert QUESTION in kept.read_text("utf-8")
    assert kept.stat().st_mode & 0o077 == 0


def test_ctrl_c_stops_the_answer_and_not_the_conversation(ask) -> None:
    with ask("-i", PACE="1") as session:
        session.until("›")
        session.type(QUESTION + ENTER)
        session.until("plane")
        session.until("came")
        session.type(CTRL_C)
        session.until("Stopped.")
        session.until("›")
        session.type("/quit" + ENTER)
        assert session.ended() == 0
    assert "Traceback" not in session.seen


def test_an_answer_grows_and_is_whole(ask) -> None:
    with ask(QUESTION, PACE="0.1") as session:
        session.until("searching 3 passages in 1 document…")
        session.until("Key quotes")
        session.until("reading the sources…")
        session.until(SAID)
        session.until("Sources")
        assert session.ended() == 0
    last = ESCAPE.sub("", session.seen[session.seen.rindex(SAID[:10]) - 200 :])
    assert re.search(r"\[1\]\s+News\s+“A plane came from Libya on 26 October\.”", last)


def test_a_refusal_takes_back_what_was_written(ask) -> None:
    with ask(QUESTION, SAYS="A plane came from Libya on 3 March.") as session:
        session.until("The model found no answer")
        assert session.ended() == 3
    assert "3 March" not in session.seen.partition("The model found no answer")[2]


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        pytest.param(("--plain",), {}, id="plain"),
        pytest.param((), {"TERM": "dumb"}, id="dumb-terminal"),
    ],
)
def test_plain_lines_hold_no_escape(ask, arguments, environ) -> None:
    with ask(QUESTION, *arguments, **environ) as session:
        assert session.ended() == 0
    assert "\x1b" not in session.seen
    assert "\r" not in session.seen.replace("\r\n", "")
    assert f"[1] News: “{SAID}”" in session.seen


def test_a_plain_conversation_holds_no_escape(ask) -> None:
    with ask("-i", "--plain") as session:
        session.until("> ")
        session.type(QUESTION + ENTER)
        session.until("whole answer in")
        session.until("> ")
        session.type(CTRL_D)
        assert session.ended() == 0
    assert not re.sub(r"\x1b\[\?2004[hl]", "", session.seen).count("\x1b")  # readline asks for whole pastes


def test_a_long_wait_is_told_on_plain_lines_too(ask) -> None:
    with ask(QUESTION, "--plain", PACE="0.6") as session:
        session.until("Key quotes")
        session.until("reading the sources…")
        session.until("Answer")
        assert session.ended() == 0


def test_no_colour_is_no_colour(ask) -> None:
    with ask(QUESTION, NO_COLOR="1", SAYS=f"{SAID} The zebra left for the moon in July 1999.") as session:
        session.until("[?]")
        assert session.ended() == 0
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3|4|9|10)\d(?:;\d+)*m", session.seen)


def test_ctrl_c_ends_one_question(ask) -> None:
    with ask(QUESTION, PACE="1") as session:
        session.until("plane")
        session.type(CTRL_C)
        assert session.ended() == 130
    assert "Traceback" not in session.seen


def test_without_a_question_there_is_nothing_to_wait_for(ask) -> None:
    with ask() as session:
        session.until("write the question")
        assert session.ended() == 2


def test_a_dash_reads_what_is_typed(ask) -> None:
    with ask("-", "--plain") as session:
        session.type(QUESTION + "\n" + CTRL_D)
        session.until("Sources")
        assert session.ended() == 0


@pytest.mark.parametrize("columns", [20, 40, 250])
def test_documents_act_on_no_terminal(ask, tmp_path, columns: int) -> None:
    hostile = "A plane came from Libya\x1b]0;owned\x07\x1b[2J\x9b31m on 26 \u202eOctober\rnever."
    with Library.open(tmp_path / "library") as library:
        put(library, "news", hostile, AngleEmbedder(), title="N\x1b[31mews\r\n\u202eold")
    with ask("-i", columns=columns, SAYS=hostile) as session:
        session.until("›")
        session.type(QUESTION + ENTER)
        session.until("scripted")
        session.until("›")
        session.type("/open 1" + ENTER)
        session.until("›")
        session.type("/quit" + ENTER)
        assert session.ended() == 0
    assert "\x1b]0;" not in session.seen
    assert not {"\x07", "\x9b", "\u202e"} & set(session.seen)
    assert not re.search(r"\x1b\[(2J|31m)", session.seen)
    assert "\rnever" not in session.seen.replace("\r\n", "\n")
    assert "⟦U+202E⟧" in re.sub(r"\s", "", ESCAPE.sub("", session.seen))


def test_the_reader_of_a_pipe_may_have_had_enough(ask, tmp_path) -> None:
    """Nobody reads the pipe from the start."""
    environ = {
        "PYTHONPATH": f"{CHECKOUT}{os.pathsep}{CHECKOUT / 'tests'}",
        "FOOTNOTE_LIBRARY": str(tmp_path / "library"),
        "FOOTNOTE_LLM": "none",
    }
    read, write = os.pipe()
    os.close(read)
    command = [*WITH_FAKES, "ask", QUESTION]
    done = subprocess.run(
        command, env=os.environ | environ, stdout=write, stderr=subprocess.PIPE, text=True, timeout=120
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
