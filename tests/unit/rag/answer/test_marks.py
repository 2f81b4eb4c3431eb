"""Answers as text with marks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.marks import WHAT_TO_DO, Marked, marked, unmarked
from rag.types import Answer, Citation, Sentence


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
    shown = Marked.of(answer(ONE, BOTH, NONE))
    assert shown.text == "One. [1] Both. [2][1] [partly supported] None. [unsupported]"
    assert [(each.number, each.sentence) for each in shown.marks] == [(1, 0), (2, 1), (1, 1)]


def test_hidden_characters_are_labelled():
    assert Marked.of(answer(Sentence("a\u202eb", (), "supported"))).text == "a⟦U+202E⟧b"


@given(sentences)
def test_a_mark_stands_where_it_says_and_names_the_place_among_the_sources(said):
    whole = answer(*said)
    shown = Marked.of(whole)
    for each in shown.marks:
        assert shown.text[each.start : each.end] == f"[{each.number}]"
        assert whole.sources[each.number - 1] == each.citation


@given(sentences, st.integers(0, 6))
def test_it_does_not_matter_how_many_sentences_came_before_the_end(said, early):
    shown = Marked()
    written = "".join([*(shown.add(each) for each in said[:early]), shown.end(answer(*said))])
    assert written == shown.text == Marked.of(answer(*said)).text
    assert shown.marks == Marked.of(answer(*said)).marks


def test_a_refusal_takes_back_what_was_written():
    shown = Marked()
    shown.add(ONE)
    shown.end(answer(refused=True))
    assert shown.text == f"One. [1]\n\nThis does not stand. Not in there. {WHAT_TO_DO}"
    assert shown.marks == []
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


FIRST = Citation("p1", "d1", "file:///a.txt", "A\nreport", 3, 0, 8, "It\nrained")
SECOND = Citation("p2", "d2", "file:///b.txt", "B", None, 0, 5, "It\u200bwas")
BARE = Answer("?", "?", (), "", (), (), False, 1.0, "m")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        pytest.param(
            replace(
                BARE,
                sentences=(
                    Sentence("It rained.", (FIRST,), "supported"),
                    Sentence("So it was.", (SECOND, FIRST), "partly"),
                ),
            ),
            "It rained. [1] So it was. [2][1] [partly supported]\n\n"
            "[1] A report, page 3: “It rained”\n[2] B: “It⟦U+200B⟧was”",
            id="marks",
        ),
        pytest.param(
            replace(BARE, sentences=(Sentence("It rained."),)), "It rained. [unsupported]", id="no source"
        ),
        pytest.param(replace(BARE, quotes=(FIRST,)), "[1] A report, page 3: “It rained”", id="quotes only"),
        pytest.param(
            replace(BARE, refused=True, text="No.", quotes=(FIRST,)), f"No. {WHAT_TO_DO}", id="refusal"
        ),
    ],
)
def test_the_sources_stand_below(answer, text) -> None:
    assert marked(answer) == text
