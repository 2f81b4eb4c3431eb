"""Answers to long questions, carried by several places together."""

from __future__ import annotations

import pytest
from fakes import AngleEmbedder

from rag.evidence import spans_of
from rag.types import FoundPassage, Sentence
from rag.verification.together import MOST_PLACES, check_together, pieces

LONG = (
    "Does the Harbour Gazette report a loss of the northern shipping company in spring, "
    "while the Evening Herald reports a gain of the southern railway company in autumn?"
)
TEXTS = (
    "The northern shipping company had a loss in spring, the Harbour Gazette reports.",
    "The southern railway company had a gain in autumn, the Evening Herald reports.",
    "Zebras graze by the river.",
)


def checked(sentence: str, question: str = LONG, texts: tuple[str, ...] = TEXTS) -> Sentence:
    places = [
        FoundPassage(str(i), str(i), text, 0, len(text), title=f"Note {i}") for i, text in enumerate(texts)
    ]
    spans = spans_of(places, {})
    embedder = AngleEmbedder()
    seen = embedder.embed_tokens(pieces(question))
    tokens = embedder.embed_tokens([span.text for span in spans])
    return check_together(Sentence(sentence), question, seen, spans, tokens)


def test_each_part_gets_its_place() -> None:
    found = checked("Yes.")
    assert [citation.document_id for citation in found.citations] == ["0", "1"]
    assert found.support == "partly"
    assert 0 < found.score <= 1


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("Yes, and Barack Obama agrees.", id="a name of its own"),
        pytest.param("Yes, by 17 percent.", id="a number of its own"),
        pytest.param("Yes, in March.", id="a month of its own"),
    ],
)
def test_what_it_adds_must_stand_there(sentence: str) -> None:
    assert checked(sentence) == Sentence(sentence)


def test_places_that_say_nothing_of_it_carry_nothing() -> None:
    assert checked("Yes.", texts=("Zebras graze.", "Bread rises.")) == Sentence("Yes.")
    assert checked("Yes.", texts=()) == Sentence("Yes.")


@pytest.mark.parametrize(
    "question",
    ["When did flights resume?", "Who led the revolt and wrote the letter?", ""],
)
def test_a_short_question_has_no_pieces(question: str) -> None:
    assert pieces(question) == []
    assert checked("Yes.", question) == Sentence("Yes.")


def test_there_are_not_too_many_places() -> None:
    texts = tuple(
        f"The matter {word} was settled here." for word in ("one", "two", "red", "blue", "old", "new")
    )
    question = (
        "Was " + ", and was ".join(f"the matter {t.split()[2]} settled here by somebody" for t in texts) + "?"
    )
    assert len(checked("Yes.", question, texts).citations) <= MOST_PLACES
