"""What full support asks for beyond words in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.verification.strict import lacking

SOURCE = "Most live in the north, near Arden."


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        pytest.param("Most live in the north.", set(), id="said so"),
        pytest.param("The fewest live in the north.", {"fewest"}, id="fewest for most"),
        pytest.param("All live in the north.", {"all"}, id="all for most"),
        pytest.param("They live near Arden in May.", set(), id="a name that is there, and a month"),
        pytest.param("They live near Selby.", {"selbi"}, id="another name"),
        pytest.param("They do not live in the north.", {"not"}, id="denied"),
    ],
)
def test_what_a_claim_says_and_its_source_does_not(claim: str, words: set[str]) -> None:
    assert lacking(claim, claim, SOURCE, SOURCE) == words


def test_words_of_like_meaning_stand_for_each_other() -> None:
    source = "The largest settlement was in Arden."
    assert lacking("The biggest settlement was in Arden.", "", source, source) == set()


def test_what_stands_around_is_enough_for_a_name_and_not_for_a_denial() -> None:
    around = "In Selby nothing was never sold. It opened."
    assert lacking("In Selby it never opened.", "In Selby it never opened.", "It opened.", around) == {"not"}


def test_a_sentence_may_deny_less_than_its_source() -> None:
    source = "It was not sold and not let."
    assert lacking("It was not sold.", "", source, source) == set()
    assert lacking("It was not sold, not let and never built.", "", source, source) == {"not"}


@given(st.text(max_size=200))
def test_no_text_lacks_what_it_says_itself(text: str) -> None:
    assert lacking(text, text, text, text) == set()
