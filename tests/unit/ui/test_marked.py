from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Answer, Citation, Sentence
from ui.marked import WHAT_TO_DO, Marked, unmarked


def citation(n: int) -> Citation:
    return Citation(f"p{n}", "d", "file:///d", "D", None, n, n + 1, "x")


def answer(*sentences: Sentence, refused: bool = False) -> Answer:
    text = "Not in there." if refused else " ".join(each.text for each in sentences)
    shown = () if refused else sentences
    return Answer("?", "?", (), text, shown, (), refused, 0.5, "fake")


ONE = Sentence("One.", (citation(1),), "supported", 1.0)
BOTH = Sentence("Both.", (citation(2), citation(1)), "partly", 0.5)
NONE = Sentence("None.")

sentences = st.lists(
    st.builds(
        Sentence,
        st.text("ab .\u202e", min_size=1, max_size=8),
        st.lists(st.integers(0, 4).map(citation), max_size=3, unique=True).map(tuple),
        st.sampled_from(["supported", "partly", "unsupported"]),
    ),
    max_size=6,
)


def test_each_sentence_is_followed_by_its_marks():
    marked = Marked.of(answer(ONE, BOTH, NONE))
    assert marked.text == "One. [1] Both. [2][1] [partly supported] None. [unsupported]"
    assert [(each.number, each.sentence) for each in marked.marks] == [(1, 0), (2, 1), (1, 1)]


def test_hidden_characters_are_labelled():
    assert Marked.of(answer(Sentence("a\u202eb", (), "supported"))).text == "a⟦U+202E⟧b"


@given(sentences)
def test_a_mark_stands_where_it_says_and_names_the_place_among_the_sources(said):
    whole = answer(*said)
    marked = Marked.of(whole)
    for each in marked.marks:
        assert marked.text[each.start : each.end] == f"[{each.number}]"
        assert whole.sources[each.number - 1] == each.citation


@given(sentences, st.integers(0, 6))
def test_it_does_not_matter_how_many_sentences_came_before_the_end(said, early):
    marked = Marked()
    written = "".join([*(marked.add(each) for each in said[:early]), marked.end(answer(*said))])
    assert written == marked.text == Marked.of(answer(*said)).text
    assert marked.marks == Marked.of(answer(*said)).marks


def test_a_refusal_takes_back_what_was_written():
    marked = Marked()
    marked.add(ONE)
    marked.end(answer(refused=True))
    assert marked.text == f"One. [1]\n\nThis does not stand. Not in there. {WHAT_TO_DO}"
    assert marked.marks == []
    assert Marked.of(answer(refused=True)).text == f"Not in there. {WHAT_TO_DO}"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("One. [1] Two. [2][1] [partly supported] No. [unsupported]", "One. Two. No.", id="all"),
        pytest.param("An array a[i] and [sic].", "An array a[i] and [sic].", id="no marks"),
        pytest.param("", "", id="empty"),
    ],
)
def test_the_marks_can_be_taken_away(text, plain):
    assert unmarked(text) == plain
