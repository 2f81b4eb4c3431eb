"""The command line in a real terminal: what is drawn, what is typed, and Ctrl-C."""

from __future__ import annotations

import os
import re
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
