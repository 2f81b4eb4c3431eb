"""Which way round a text puts things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.words import stem_set
from rag.verification.roles import exchanged


@pytest.mark.parametrize(
    ("claim", "source", "words"),
    [
        pytest.param(
            "It flew from Moscow to Libya.",
            "It came by way of Libya before it flew on to Moscow.",
            {"moscow"},
            id="only one of two places",
        ),
        pytest.param("It left before 1990.", "It left in 1990, after 1989.", set(), id="of another year"),
        pytest.param("It stood until 1990.", "It stood after 1990.", {"1990"}, id="until and after"),
        pytest.param("It stood until 1990.", "It stood before 1990.", set(), id="until and before"),
        pytest.param("More than 1,200 came.", "Fewer than 1,200 came.", {"1,200"}, id="more and fewer"),
        pytest.param("No more than 5 came.", "More than 5 came.", {"5"}, id="no more than"),
        pytest.param("Up to 5 came.", "At least 5 came.", {"5"}, id="up to and at least"),
        pytest.param("It went up to London.", "It went to London.", set(), id="up to a place"),
        pytest.param(
            "Ann spoke before all others.", "Ann spoke after all others.", {"other"}, id="all others"
        ),
        pytest.param("It came before then.", "It came after then.", {"then"}, id="then"),
        pytest.param("Rome defeated Carthage.", "Carthage defeated Rome.", {"rome", "carthag"}, id="a deed"),
        pytest.param(
            "Rome was defeated by Carthage.", "Rome defeated Carthage.", {"rome", "carthag"}, id="passive"
        ),
        pytest.param(
            "Rome was defeated by Carthage.", "Carthage defeated Rome.", set(), id="passive, the same"
        ),
        pytest.param("Ann sold it to Bob.", "Bob sold it to Ann.", {"ann", "bob"}, id="sold to"),
        pytest.param(
            "Rome is older than Paris.", "Paris is older than Rome.", {"rome", "pari"}, id="older than"
        ),
        pytest.param("Ann met Bob.", "Bob met Ann.", set(), id="a deed that holds both ways"),
        pytest.param("Ann paid Bob.", "Bob thanked Ann.", set(), id="another deed"),
        pytest.param("Ann paid Bob.", "Bob paid Ann before Ann paid Bob.", set(), id="both ways"),
        pytest.param("In May Ann paid Bob.", "Ann paid Bob in May.", set(), id="another order"),
        pytest.param("", "", set(), id="nothing"),
    ],
)
def test_what_is_exchanged(claim: str, source: str, words: set[str]) -> None:
    assert exchanged(claim, source) == words


_NAMES = st.permutations(["Ann Lee", "Bob", "Acme", "Rome", "New Delhi"])


@given(
    _NAMES,
    st.sampled_from(["sold the mill to", "wrote to", "defeated", "bought bread from", "was older than"]),
)
def test_who_did_it_to_whom(names: list[str], deed: str) -> None:
    one, other = names[:2]
    assert exchanged(f"{one} {deed} {other}.", f"{other} {deed} {one}.") >= stem_set(f"{one} {other}")
    assert not exchanged(f"{one} {deed} {other}.", f"In 1990 {one} {deed} {other}, and left.")


@given(st.text(max_size=300))
def test_no_text_is_exchanged_with_itself(text: str) -> None:
    assert not exchanged(text, text)
