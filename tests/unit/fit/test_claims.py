"""Claims that are made of sentences: true ones say the same, false ones do not."""

from __future__ import annotations

import pytest

from tests.fit.claims import claims_of


@pytest.mark.parametrize(
    ("sentence", "kind", "made"),
    [
        (
            "In May, the planes were seen over Latakia.",
            "its beginning moved",
            "The planes were seen over Latakia in May.",
        ),
        ("It was not seen.", "not as n't", "It wasn't seen."),
        ("The planes were seen in May.", "not, put in", "The planes were not seen in May."),
        ("The planes were seen in May.", "never, put in", "The planes were never seen in May."),
        ("It was not seen.", "a denial left out", "It was seen."),
        ("It went from Paris to Rome.", "from and to exchanged", "It went from Rome to Paris."),
        ("It flew to Rome.", "from for to", "It flew from Rome."),
        ("It rose before the war.", "before for after", "It rose after the war."),
        ("It has more than 20 rooms.", "more for less", "It has less than 20 rooms."),
        ("It is larger than Rome.", "larger for smaller", "It is smaller than Rome."),
        ("Anna sold it to Bob.", "doers exchanged", "Bob sold it to Anna."),
    ],
)
def test_each_kind(sentence, kind, made) -> None:
    assert {each.kind: each.text for each in claims_of(sentence)}[kind] == made


def test_a_part_of_a_sentence_is_a_sentence_and_may_be_denied() -> None:
    found = {
        each.kind: each
        for each in claims_of("The planes were seen in May, and the old grey ships had left port early.")
    }
    assert found["a part of it"].text == "The old grey ships had left port early."
    assert found["not, put into a part"].text == "The old grey ships had not left port early."
    assert not found["not, put into a part"].true


def test_what_denies_already_is_not_denied_again() -> None:
    kinds = {each.kind for each in claims_of("The planes were never seen in May.") if not each.true}
    assert kinds == {"a denial left out"}
