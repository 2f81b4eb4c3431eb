"""What a source says the other way round than a claim does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.verification.contrary import contradicted, standing, turned


@pytest.mark.parametrize(
    ("claim", "source", "words"),
    [
        pytest.param("Sales rose.", "Sales fell in May.", set(), id="inflected past forms are not listed"),
        pytest.param("Imports increase.", "Imports decrease.", {"increas"}, id="opposites"),
        pytest.param("Imports increase.", "They increase, then decrease.", set(), id="both are said"),
        pytest.param(
            "He moved from Warsaw to Krakow.",
            "He moved from Krakow to Warsaw.",
            {"warsaw", "krakow"},
            id="directions",
        ),
        pytest.param("He left after the war.", "He left before the war.", {"war"}, id="before and after"),
        pytest.param("It went to Rome.", "From Rome it went to Rome again.", set(), id="there and back"),
        pytest.param("The bill passed.", "The bill was not passed.", {"pass"}, id="denied"),
        pytest.param("The bill did not pass.", "The bill was not passed.", set(), id="both deny"),
        pytest.param("The bill was not passed.", "The bill passed.", {"not"}, id="denied by the claim alone"),
        pytest.param("No bill passed.", "The bill passed.", {"not"}, id="no"),
        pytest.param("The bill passed.", "The bill was not formally passed.", {"pass"}, id="past an adverb"),
        pytest.param("It did not accept.", "It has to reject it.", set(), id="an opposite denies"),
        pytest.param("The tax was not paid.", "They failed to pay the tax.", set(), id="in other words"),
        pytest.param("It was not popular.", "It never recovered.", set(), id="another word denied"),
        pytest.param("It was not popular.", "It recovered.", {"not"}, id="nothing denied"),
        pytest.param(
            "A sentence gets a label.", "None of its sentences fits.", set(), id="of something else"
        ),
        pytest.param("It opened in 1990.", "It was not until 1990 that it opened.", set(), id="not until"),
        pytest.param(
            "Polonia Warsaw's home lies there.", "Polonia's home lies there.", set(), id="an owner in full"
        ),
        pytest.param("The court can uphold it.", "The court cannot uphold it.", {"uphold"}, id="cannot"),
        pytest.param("The north wall stands.", "The north wall stands.", set(), id="the same"),
        pytest.param("Robert is Ann’s son.", "Ann is Robert's son.", {"ann"}, id="owners changed"),
        pytest.param("Ann’s son left.", "Robert's son met Ann's son.", set(), id="one of two owners"),
        pytest.param("Ann’s son left.", "Robert's house stands.", set(), id="owner of another thing"),
        pytest.param("", "", set(), id="nothing"),
    ],
)
def test_what_is_turned_around(claim: str, source: str, words: set[str]) -> None:
    assert turned(claim, source) == words


def test_a_word_counts_where_most_of_its_clause_stands() -> None:
    source = "Flights were not recorded in March, but in October they were recorded."
    assert turned("Flights were recorded in March.", source) == {"record"}
    assert turned("They were recorded in October.", source) == set()
    assert turned("They were not recorded in October.", source) == {"not"}


_VERBS = ("recorded", "counted", "announced", "delayed")
_MONTHS = ("March", "June", "October", "November")
_LENDERS = (
    "No other planes were seen.",
    "It never rained there.",
    "They had no fuel.",
    "Nobody was not there.",
)


@pytest.mark.parametrize("lender", _LENDERS)
@pytest.mark.parametrize("denial", ["not", "never"])
@given(verb=st.sampled_from(_VERBS), month=st.sampled_from(_MONTHS))
def test_no_other_sentence_lends_its_denial(lender: str, denial: str, verb: str, month: str) -> None:
    plain = f"The first flights were {verb} at the base in {month}."
    denied = f"The first flights were {denial} {verb} at the base in {month}."
    assert contradicted([standing(denied, plain), standing(denied, lender)]) == {"not"}
    assert contradicted([standing(denied, denied), standing(denied, lender)]) == set()
    assert contradicted([standing(plain, plain), standing(plain, lender)]) == set()
    assert contradicted([standing(plain, denied), standing(plain, lender)]) != set()


_PLACES = ("Moscow", "Libya", "Tehran", "New York")


@given(st.permutations(_PLACES), st.sampled_from(["flew", "sailed", "moved"]))
def test_no_other_sentence_lends_the_place_that_is_exchanged(places: list[str], verb: str) -> None:
    one, other, third, _ = places
    there, back = (
        f"A crew {verb} from {one} to {other} in May.",
        f"A crew {verb} from {other} to {one} in May.",
    )
    lender = f"The ministers of {one} and {other} met in {third}."
    assert contradicted([standing(there, back), standing(there, lender)])
    assert not contradicted([standing(there, there), standing(there, lender)])


def test_of_equally_near_sources_one_that_agrees_counts() -> None:
    said, denied = "The bill passed in May.", "The bill was not passed in May."
    assert contradicted([standing(said, denied), standing(said, said)]) == set()
    assert contradicted([]) == set()


@given(st.text(max_size=200))
def test_no_text_turns_itself_around(text: str) -> None:
    assert turned(text, text) == set()
