"""Lines of a PDF page to paragraphs: joins, breaks, hyphens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.load.paragraphs import Line, known_words, to_paragraphs

FULL = "This line of words goes on until the very edge of the column and then"


def column(*texts: str, size: float = 10.0, pitch: float = 12.0, left: float = 70.0) -> list[Line]:
    """Lines below one another, five points wide a character; an ending hyphen counts as a broken word."""
    return [
        Line(
            text.removesuffix("-"),
            left,
            left + 5 * len(text),
            700 - i * pitch,
            size,
            hyphenated=text.endswith("-"),
        )
        for i, text in enumerate(texts)
    ]


def texts(lines: list[Line], words: frozenset[str] = frozenset()) -> list[str]:
    return [paragraph.text for paragraph in to_paragraphs(lines, words)]


def test_lines_of_a_paragraph_are_joined():
    assert texts(column(FULL, FULL, "ends here.")) == [f"{FULL} {FULL} ends here."]


def test_a_wider_gap_begins_a_paragraph():
    above = column(FULL, FULL, FULL)
    below = [
        Line(line.text, line.left, line.right, line.bottom - 42, line.size) for line in column(FULL, FULL)
    ]

    assert texts(above + below) == [f"{FULL} {FULL} {FULL}", f"{FULL} {FULL}"]


def test_double_spacing_is_no_gap():
    assert len(texts(column(FULL, FULL, FULL, "end.", pitch=24))) == 1


def test_a_line_that_stops_early_ends_its_paragraph():
    lines = column(f"{FULL}.", "Rome 2800000", "Oslo 700000", "Bern 130000")

    assert texts([lines[1], lines[2], lines[3], lines[0]])[:2] == ["Rome 2800000", "Oslo 700000"]


def test_an_indent_after_a_full_stop_begins_a_paragraph():
    first = column(FULL, FULL[:-1] + ".")
    second = [Line(FULL, 90, 90 + 5 * len(FULL), 676, 10), Line("end", 70, 85, 664, 10)]

    assert len(texts(first + second)) == 2


def test_another_size_of_type_begins_a_paragraph():
    heading = [Line("A heading as long as the column that is here below it", 70, 420, 714, 16)]

    assert texts(heading + column(FULL, FULL))[0] == heading[0].text


@pytest.mark.parametrize("mark", ["•", "-", "1.", "(2)", "a)", "iv.", "2.3"])
def test_list_items_begin_paragraphs(mark: str):
    item = f"{mark} A" + FULL[2:]

    assert texts(column(FULL, item, item)) == [FULL, item, item]


@pytest.mark.parametrize("start", ["J. Smith", "3.5 percent", "2025 was", "a small"])
def test_words_that_look_like_items_do_not(start: str):
    assert len(texts(column(FULL, f"{start} {FULL}"[: len(FULL)]))) == 1


def test_a_sentence_goes_on_in_the_next_column():
    left = column(FULL, FULL)
    right = [Line("continues on top", 330, 410, 700, 10)]

    assert len(texts(left + right)) == 1


def test_a_new_sentence_in_the_next_column_begins_a_paragraph():
    left = column(FULL, FULL[:-1] + ".")
    right = [Line("Continues on top", 330, 410, 700, 10)]

    assert len(texts(left + right)) == 2


def test_pieces_of_one_line_stay_together():
    assert texts([Line("Name:", 70, 95, 700, 10), Line("Foo", 120, 140, 700, 10)]) == ["Name: Foo"]


@pytest.mark.parametrize(
    ("before", "after", "elsewhere", "expected"),
    [
        pytest.param("the infor-", "mation is", "", "the information is", id="a broken word"),
        pytest.param("the infor-", "mation is", "the information", "the information is", id="known without"),
        pytest.param(
            "a well-", "known man", "a well-known woman", "a well-known man", id="known with hyphen"
        ),
        pytest.param("a long-", "term plan", "a long term", "a long-term plan", id="two known words"),
        pytest.param("in Nord-", "Rhein", "", "in Nord-Rhein", id="capital letter"),
        pytest.param("pages 10-", "20 and", "", "pages 10-20 and", id="numbers"),
    ],
)
def test_hyphens(before: str, after: str, elsewhere: str, expected: str):
    lines = column(before, after)
    words = known_words([*lines, *column(elsewhere)]) if elsewhere else known_words(lines)

    assert texts(lines, words) == [expected]


def test_letters_without_an_end_are_joined_at_once():
    """Each line once was searched for its last word from its every letter: a file of 12 KB took 22 s."""
    rows = ["ä" * 800 + "-"] * 400
    assert texts(column(*rows)) == ["ä" * 800 * 400]


def test_halves_of_broken_words_are_not_known():
    assert known_words(column("we saw rhon-", "cus and ant-hills")) == {"we", "saw", "and", "ant-hills"}


def test_leaders_of_a_table_of_contents_are_cut():
    assert texts(column("Introduction . . . . . . . . . . 7")) == ["Introduction … 7"]


def test_no_lines():
    assert to_paragraphs([]) == []


coordinates = st.floats(0, 1000)
lines = st.builds(
    Line,
    st.text("ab.-C ", min_size=1).filter(str.strip).map(str.strip),
    coordinates,
    coordinates,
    coordinates,
    st.floats(0, 50),
    st.booleans(),
)


@given(st.lists(lines, max_size=12))
def test_no_letter_is_lost(page: list[Line]):
    before = [character for line in page for character in line.text if character.isalpha()]
    after = [character for text in texts(page) for character in text if character.isalpha()]

    assert before == after
