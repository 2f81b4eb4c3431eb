from __future__ import annotations

import pytest

from rag.types import Answer, AnswerFinished, Citation, EvidenceFound, Sentence, SentenceChecked, TextWritten
from ui.turn import Turn, advance, news

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


ANSWER = Answer("Why?", "Why so?", (ONE,), "It is so.", (Sentence("It is so."),), (), False, 0.9, "m", {})
WHOLE = (
    EvidenceFound((ONE,), (), "Why so?"),
    TextWritten("It is "),
    TextWritten("so."),
    SentenceChecked(Sentence("It is so.")),
    AnswerFinished(ANSWER),
)


@pytest.mark.parametrize("seen", [(0, 1, 2, 3, 4, 5), (0, 5), (0, 2, 5), (1, 3, 5), (3, 4), (5, 5)])
def test_news_of_a_turn_lead_to_it_however_seldom_it_is_looked_at(seen):
    first, *later = (after(*WHOLE[:n]) for n in seen)
    turn = first
    for wanted in later:
        told = list(news(turn, wanted))
        for event in told:
            turn = advance(turn, event)
        assert turn == wanted
        assert len(told) == len({type(event) for event in told})


def test_an_answer_of_quotes_has_no_sentences_to_wait_for():
    quoted = Answer("Why?", "Why?", (ONE,), "one", (Sentence("one", (ONE,)),), (), False, 0.9, "none", {})
    begun, ended = after(WHOLE[0]), after(WHOLE[0], AnswerFinished(quoted))
    assert list(news(begun, ended)) == [AnswerFinished(quoted)]
