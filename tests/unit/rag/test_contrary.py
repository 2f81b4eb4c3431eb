"""What a source says the other way round than a claim does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.contrary import denied, turned


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


def test_a_denial_reaches_to_the_end_of_its_clause() -> None:
    assert denied("It was not sold, although the owner died.") == {"sold"}


@given(st.text(max_size=200))
def test_no_text_turns_itself_around(text: str) -> None:
    assert not {word for word in turned(text, text) if word not in denied(text)}
