"""What can be done with an answer: copy it, ask again, edit the question, judge it (pure)."""

from __future__ import annotations

from ui.html import Html, element
from ui.plain import plain_text
from ui.turn import Turn

VERDICT_WORDS = {
    "right": "Right",
    "wrong": "Wrong",
    "wrong_source": "Wrong source",
    "should_have_refused": "Should have refused",
}
"""Verdicts of `rag.people.feedback`, as the page names them."""


def render_actions(turn: Turn) -> Html:
    """Return the buttons below an answer that is finished."""
    copied = plain_text(turn.answer) if turn.answer is not None else None
    return element(
        "div",
        _button("Copy", "Copy with the sources, as Markdown", data_copy=copied) if copied else None,
        _button("Retry", "Ask the same again", data_again=turn.question, data_now=True, data_turn=turn.id),
        _button("Edit", "Change the question and ask again", data_again=turn.question, data_turn=turn.id),
        _opinion(turn) if turn.answer is not None and turn.id else None,
        class_="actions",
    )


def _opinion(turn: Turn) -> Html:
    given = VERDICT_WORDS.get(turn.verdict)
    return element(
        "details",
        element("summary", f"Feedback: {given}" if given else "Feedback", class_="action"),
        element(
            "form",
            element(
                "fieldset",
                element("legend", "How was this answer?", class_="label"),
                *(_choice(turn, verdict, words) for verdict, words in VERDICT_WORDS.items()),
            ),
            element(
                "label",
                element("span", "What would be right? (optional)", class_="label"),
                element("textarea", turn.note, name_="note", rows=2, maxlength=2000),
            ),
            element(
                "p",
                element("button", "Keep", type="submit", class_="primary"),
                element("span", role="status", class_="note"),
            ),
            data_feedback=turn.id,
        ),
        class_="opinion",
    )


def _choice(turn: Turn, verdict: str, words: str) -> Html:
    return element(
        "label",
        element("input", type="radio", name_="verdict", value=verdict, checked=verdict == turn.verdict),
        words,
        class_="choice",
    )


def _button(words: str, title: str, **data: str | bool | None) -> Html:
    return element("button", words, type="button", class_="action", title=title, **data)
