from __future__ import annotations

import pytest

from rag.types import Answer, AnswerFinished, Citation, EvidenceFound, Sentence, SentenceChecked, TextWritten
from ui.turn import Turn, advance

ONE = Citation("p1", "d1", "file:///a.txt", "A", None, 0, 3, "one")
TWO = Citation("p2", "d1", "file:///a.txt", "A", None, 4, 7, "two")


def after(*events):
    turn = Turn("Why?")
    for event in events:
        turn = advance(turn, event)
    return turn


@pytest.mark.parametrize(
    ("sentence", "pending"),
    [("It is so.", " And"), ("It  is\nso.", " And"), ("It is", " so. And"), ("Something else.", "")],
)
def test_what_is_checked_is_no_longer_pending(sentence, pending):
    turn = after(TextWritten("It is "), TextWritten("so. And"), SentenceChecked(Sentence(sentence)))
    assert turn.pending == pending


def test_citations_are_numbered_in_reading_order_before_quotes():
    turn = after(
        EvidenceFound((ONE,), (), "Why?"),
        SentenceChecked(Sentence("x", (TWO,))),
        SentenceChecked(Sentence("y", (ONE,))),
    )
    assert turn.sources == (TWO, ONE)


def test_the_answer_settles_everything():
    answer = Answer(
        "Why?", "Why?", (ONE,), "x", (Sentence("x", (TWO,), "supported"),), (), False, 0.9, "m", {}
    )
    turn = after(TextWritten("x and more"), AnswerFinished(answer))
    assert turn.finished
    assert turn.pending == ""
    assert (turn.sentences, turn.quotes, turn.sources) == (answer.sentences, (ONE,), answer.sources)


def test_quotes_that_stand_for_the_answer_are_seen_as_such():
    sentences = (Sentence("one", (ONE,), "supported"),)
    answer = Answer("Why?", "Why?", (ONE,), "one", sentences, (), False, 0.9, "none", {})
    assert after(AnswerFinished(answer)).extractive
    assert not after(TextWritten("one"), AnswerFinished(answer)).extractive
