from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.quoted import FOUND, LOST, Place, locate

TEXT = "The plane came in May. The plane left in June. The plane came in May."


@pytest.mark.parametrize(
    ("span", "quote", "place"),
    [
        pytest.param((0, 22), "The plane came in May.", Place((0, 22)), id="where it was"),
        pytest.param((47, 69), "The plane came in May.", Place((47, 69)), id="where it was, though twice"),
        pytest.param((5, 27), "The plane came in May.", Place((0, 22), FOUND), id="moved a little"),
        pytest.param((40, 62), "The plane came in May.", Place((47, 69), FOUND), id="the nearest"),
        pytest.param((900, 922), "The plane came in May.", Place((47, 69), FOUND), id="beyond the end"),
        pytest.param((0, 5), "plane\n left", Place((27, 37), FOUND), id="other white space"),
        pytest.param((0, 22), "The plane came in July.", Place((0, 0), LOST), id="gone"),
        pytest.param((0, 4), " \n", Place((0, 0), LOST), id="no words"),
        pytest.param((0, 4), "May. (", Place((0, 0), LOST), id="signs of patterns"),
    ],
)
def test_where_a_quote_stands_now(span, quote, place):
    assert locate(TEXT, span, quote) == place


@given(st.text("ab .("), st.text("ab .(", min_size=1), st.integers(0, 50))
def test_what_is_marked_are_the_words(text, quote, start):
    place = locate(text, (start, start + len(quote)), quote)
    a, b = place.span
    assert text[a:b].split() == (quote.split() if place.notice != LOST else [])
    assert (place.notice is None) == (text[start : start + len(quote)] == quote)
