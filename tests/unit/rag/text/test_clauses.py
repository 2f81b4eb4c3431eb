"""What a text denies, clause by clause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.clauses import clauses
from rag.text.words import stem, words


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        pytest.param(
            "It was not sold, although the owner died.", [{"sold"}, set()], id="to the end of its clause"
        ),
        pytest.param("It was not openly sold.", [{"sold"}], id="past an adverb"),
        pytest.param("No flights came.", [{"flight"}], id="no"),
        pytest.param("It isn't open.", [{"open"}], id="contracted"),
        pytest.param("They no longer fly.", [{"fly"}], id="no longer"),
        pytest.param("They failed to land.", [{"land"}], id="failed to"),
        pytest.param("Ann did not.", [{"ann"}], id="nothing after it"),
        pytest.param("Not only planes came.", [set()], id="not only"),
        pytest.param("No more than 5 came.", [set()], id="no more than"),
        pytest.param("It did not open until 1990.", [set()], id="not until"),
        pytest.param("Who did not sign? France.", [{"sign"}], id="a question goes on in its answer"),
        pytest.param("It lies in the United States.", [set()], id="united denies nothing"),
        pytest.param("Prices of 1,200.50 fell.", [set()], id="a number is no break"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_what_each_clause_denies(text: str, denied: list[set[str]]) -> None:
    assert [each.denied for each in clauses(text)] == denied


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        pytest.param("It lacks a licence.", True, id="lacks"),
        pytest.param("It is uninhabited.", True, id="un-ed"),
        pytest.param("The United Church is unified.", False, id="united and unified"),
        pytest.param("An underpopulated country.", False, id="under"),
        pytest.param("Not only that.", False, id="not only"),
    ],
)
def test_whether_a_clause_denies_in_other_ways(text: str, negated: bool) -> None:
    assert any(each.negated for each in clauses(f"{text} There.")) is negated


@given(st.text(max_size=200))
def test_clauses_hold_no_word_that_the_text_has_not(text: str) -> None:
    for each in clauses(text):
        assert each.denied <= each.stems
        assert each.stems <= set(stem(words(text)))
