"""What a conversation is made of."""

from __future__ import annotations

from rag.people.conversation import TITLE_CHARS, clipped


def test_titles_stay_short():
    assert clipped("a  b\nc") == "a b c"
    assert len(clipped("word " * 100)) <= TITLE_CHARS
    assert clipped("word " * 100).endswith("…")
