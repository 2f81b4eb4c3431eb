"""Which questions say too little without the conversation before them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.ellipsis import asks, needs_history, own_words, points_back
from rag.types import Turn

HISTORY = (Turn("Who founded the Zoo of Arden?", "Mary Holt founded it in 1931."),)


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("How does it work?", id="pronoun"),
        pytest.param("When did they leave, and where did they settle?", id="pronoun, several questions"),
        pytest.param("What kind of sports does it offer for children and adults?", id="pronoun as subject"),
        pytest.param("Can you tell me about its policies.", id="possessive"),
        pytest.param("Are these accounts opened by an employer?", id="demonstrative"),
        pytest.param("What is the relation between this and the bridge?", id="bare demonstrative"),
        pytest.param("How can I create one?", id="one"),
        pytest.param("Who can vote there?", id="there"),
        pytest.param("Why is that?", id="that"),
        pytest.param("What is the name of the other?", id="the other"),
        pytest.param("And in 2020?", id="and"),
        pytest.param("Thanks. And in 2020?", id="and, after thanks"),
        pytest.param("What about the penguins?", id="what about"),
        pytest.param("I meant the penguins", id="correction"),
        pytest.param("No, the other zoo in Arden", id="objection"),
        pytest.param("If I live in Spain?", id="condition only"),
        pytest.param("Why?", id="why"),
        pytest.param("Why Mars?", id="why, no verb"),
        pytest.param("How many are there?", id="how many"),
        pytest.param("How many years?", id="how many, no verb"),
        pytest.param("Tell me more", id="no word of its own"),
        pytest.param("more please", id="more"),
        pytest.param("Regional differences", id="fragment"),
        pytest.param("Is the bus cheaper?", id="comparative"),
        pytest.param("What is the difference?", id="difference"),
        pytest.param("How do I do the migration?", id="one word, taken for known"),
    ],
)
def test_needs_the_conversation(question):
    assert needs_history(question, HISTORY)


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("Who wrote the law of 1864?", id="names its subject"),
        pytest.param("When was the Berlin Wall built?", id="when"),
        pytest.param("Who was the first man on the moon?", id="the first with its noun"),
        pytest.param("What is photosynthesis?", id="definition"),
        pytest.param("Who discovered penicillin?", id="verb that no list has"),
        pytest.param("How does the Suez Canal work?", id="name and light verb"),
        pytest.param("Is it possible to cancel a booking after arrival?", id="expletive it"),
        pytest.param("How long does it take to cross the Sahara?", id="expletive it with a verb"),
        pytest.param(
            "If a landlord sells the house, must he repay the deposit?", id="antecedent of a pronoun"
        ),
        pytest.param("Which files are large, and who may delete these files?", id="antecedent of these"),
        pytest.param("Is the bus cheaper than the train?", id="comparative with both sides"),
        pytest.param("What is the difference between a bond and a share?", id="difference with both sides"),
        pytest.param("What can I use instead of sugar?", id="instead of"),
        pytest.param("Please tell me more about Walt Disney", id="more about"),
        pytest.param("thank you", id="thanks"),
        pytest.param("Good morning", id="greeting"),
        pytest.param("ok great", id="assent"),
        pytest.param("", id="nothing"),
        pytest.param("!!!", id="marks"),
    ],
)
def test_stands_alone(question):
    assert not needs_history(question, HISTORY)


@given(st.text(max_size=200))
def test_without_history_nothing_needs_it(question):
    assert needs_history(question, ()) is False


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_text_can_be_read(question):
    assert needs_history(question, HISTORY) in (True, False)
    assert not needs_history(question, HISTORY) or asks(question)


def test_a_long_question_is_read_at_once():
    started = time.process_time()
    assert needs_history("ok " * 600 + "it " * 700 + "?", HISTORY)
    assert not points_back("apple pear " * 10 + "it is possible " * 250)
    assert not needs_history("what zebras " + "are zebras " * 350, HISTORY)
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize(
    ("message", "asked"),
    [("thanks a lot!", False), ("Hello", False), ("ok?", True), ("penguins", True), ("why", True)],
)
def test_asks(message, asked):
    assert asks(message) is asked


def test_own_words_leave_out_what_fits_any_question():
    assert own_words("Can you tell me how the Zoo of Arden works?") == ["zoo", "arden"]
