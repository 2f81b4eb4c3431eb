"""The line below an answer: what is being waited for, or how long it took (pure)."""

from __future__ import annotations

from rag.text.wording import counted
from rag.types import Answer
from ui.html import Html, element
from ui.parts import Facts, writer_of
from ui.turn import Turn


def render_status(turn: Turn, facts: Facts, elapsed: float = 0.0) -> Html:
    """Return the status of a turn.

    Args:
        turn: what is known so far.
        facts: of the library that was searched.
        elapsed: seconds since the question, for a turn that is not finished.
    """
    return element(
        "p", _status_words(turn, facts, elapsed), class_="status" if turn.finished else "status busy"
    )


def _status_words(turn: Turn, facts: Facts, elapsed: float) -> str:
    if turn.stopped:
        return "Stopped. Every sentence above has been checked." if turn.sentences else "Stopped."
    if turn.answer is not None:
        return _timings(turn.answer)
    seconds = f" {elapsed:.0f} s" if elapsed >= 1 else ""
    if turn.paused:
        return f"A model's server does not answer now and is tried again by itself…{seconds}"
    if not turn.searched:
        return f"Searching {counted(facts.n_passages, 'passage')}…{seconds}"
    if turn.place:
        return f"The model is busy: {counted(turn.place, 'answer')} before yours…{seconds}"
    if not turn.written:
        return f"Reading {counted(len(turn.passages), 'passage')}…{seconds}"
    return f"Writing…{seconds}"


def _timings(answer: Answer) -> str:
    names = {"retrieve_s": "passages in", "first_token_s": "first word in", "total_s": "all in"}
    shown = [
        f"{name} {value:.1f} s"
        for key, name in names.items()
        if (value := answer.timings.get(key)) is not None
    ]
    line = " · ".join([*shown, *([writer_of(answer.model)] if answer.sentences and answer.model else [])])
    return line[:1].upper() + line[1:]
