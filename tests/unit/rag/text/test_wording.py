"""Texts on one line and numbers with their nouns."""

from __future__ import annotations

import pytest

from rag.text.wording import beginning, counted, one_line, shortened


@pytest.mark.parametrize(("n", "said"), [(0, "0 cases"), (1, "1 case"), (2000, "2,000 cases")])
def test_a_number_has_its_noun(n: int, said: str) -> None:
    assert counted(n, "case") == said


def test_a_text_comes_on_one_line() -> None:
    assert one_line(" a\n b\t\tc ") == "a b c"


@pytest.mark.parametrize(
    ("limit", "cut", "cut_between_words"),
    [
        pytest.param(10, "some words", "some words", id="as long as it may be"),
        pytest.param(9, "some wor…", "some …", id="within a word"),
        pytest.param(6, "some…", "some …", id="behind a word"),
    ],
)
def test_a_long_text_is_cut(limit: int, cut: str, cut_between_words: str) -> None:
    assert shortened("some\nwords", limit) == cut
    assert beginning("some\nwords", limit) == cut_between_words
