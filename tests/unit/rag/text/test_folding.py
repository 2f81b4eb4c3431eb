import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.text.folding import folded, reworded
from rag.text.words import is_negated, months, names, numbers, stems, terms, words


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("oﬃce ﬁnance", "office finance", id="ligatures"),
        pytest.param("１２ ＡＢＣ ﾃﾞ", "12 ABC デ", id="widths"),
        pytest.param("𝐒𝐞𝐜𝐫𝐞𝐭", "Secret", id="letters of mathematics"),
        pytest.param("Ⅳ № ㎏ ℃", "IV No kg °C", id="letterlike signs"),
        pytest.param("em\xadbas\xadsy Li\u200bbya", "embassy Libya", id="cut by what nobody sees"),
        pytest.param("e\u0301", "é", id="composed"),
        pytest.param("5 km² ½ ① x₂ ™", "5 km² ½ ① x₂ ™", id="raised and lowered digits stay"),
        pytest.param("می‌خواهم", "می‌خواهم", id="a joiner that is needed"),
        pytest.param("plain", "plain", id="plain"),
    ],
)
def test_folding(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_words_that_an_index_would_not_find() -> None:
    assert reworded("The ﬁnance em\xadbassy, the ﬁnance of 2024") == "finance embassy"
    assert reworded("Größe, café, plain words") == ""


HIDDEN = st.sampled_from(["\u200b", "\xad", "\u2060", "\u202e", "\U000e0041", "\x1b"])


@settings(deadline=None)
@given(st.integers(1, 60), HIDDEN)
def test_the_support_check_reads_hidden_characters_as_if_they_were_not_there(at: int, code: str) -> None:
    text = "It was not Alexander Novak who met 1,200 envoys in October 2025."
    raw = text[:at] + code + text[at:]
    for read in (words, terms, stems, numbers, months, names, is_negated):
        assert read(raw) == read(text)


@settings(deadline=None)
@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
