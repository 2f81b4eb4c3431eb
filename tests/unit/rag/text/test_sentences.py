import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.sentences import paragraph_spans, sentence_spans


def texts(text: str) -> list[str]:
    return [text[a:b] for a, b in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param(" \n\t ", [], id="white space"),
        pytest.param("One. Two! Three?", ["One.", "Two!", "Three?"], id="plain"),
        pytest.param("Dr. Smith met the U.S. envoy.", ["Dr. Smith met the U.S. envoy."], id="abbreviations"),
        pytest.param("It grew 3.5 percent. Good.", ["It grew 3.5 percent.", "Good."], id="decimal point"),
        pytest.param("It began in May. Then it ended.", ["It began in May.", "Then it ended."], id="in May"),
        pytest.param("On May 5 it ended.", ["On May 5 it ended."], id="May and a day"),
        pytest.param("A title\n\nA sentence.", ["A title", "A sentence."], id="paragraphs"),
        pytest.param(
            "The quick brown fox jumped over the\nlazy dog and then it went to\nParis. It stayed there.",
            ["The quick brown fox jumped over the\nlazy dog and then it went to\nParis.", "It stayed there."],
            id="hard-wrapped prose is one text",
        ),
        pytest.param("- one thing\n- another thing", ["- one thing", "- another thing"], id="list items"),
        pytest.param(
            "name: Ann; age: 4\nname: Bob; age: 5\nname: Cid; age: 6",
            ["name: Ann; age: 4", "name: Bob; age: 5", "name: Cid; age: 6"],
            id="rows of a table",
        ),
        pytest.param(
            "Heading\n=======\n\nText.", ["Heading\n=======", "Text."], id="a rule joins its heading"
        ),
        pytest.param("Von 24–29 October. Then more.", ["Von 24–29 October.", "Then more."], id="non-ASCII"),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_sentences_hold_every_character_that_is_not_white_space(text: str) -> None:
    covered = "".join(text[a:b] for a, b in sentence_spans(text))
    assert "".join(covered.split()) == "".join(text.split())


@given(st.text(alphabet="ab .!?\n-|1", max_size=200))
def test_spans_are_in_order_and_trimmed(text: str) -> None:
    for spans in (sentence_spans(text), paragraph_spans(text)):
        assert all(a < b for a, b in spans)
        assert all(b <= c for (_, b), (c, _) in zip(spans, spans[1:], strict=False))
        assert all(text[a:b] == text[a:b].strip() for a, b in spans)
