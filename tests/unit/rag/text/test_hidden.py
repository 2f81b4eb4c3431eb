import json
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.text.hidden import cleaned, escaped, hidden, shown

INVISIBLE = [
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xE0000, 0xE0080),
    *range(0xE0100, 0xE01F0),
    0x00AD,
    0x034F,
    0x061C,
    0x115F,
    0x180E,
    0x3164,
    0xFEFF,
    0xFFF9,
    0x1B,
    0x9B,
]
WITH_HIDDEN = st.text(
    st.one_of(st.characters(), st.sampled_from([*map(chr, INVISIBLE), *"aب👩❤葛क्1\u20e3🏴"])), max_size=40
)


def tags(words: str) -> str:
    return "".join(chr(0xE0000 + ord(letter)) for letter in words)


def selectors(words: str) -> str:
    return "".join(chr(0xFE00 + b) if b < 16 else chr(0xE0100 + b - 16) for b in words.encode())


@pytest.mark.parametrize(
    ("text", "visible", "clean"),
    [
        pytest.param("a\u202edcb\u202cz", "a⟦U+202E⟧dcb⟦U+202C⟧z", "adcbz", id="text turned round"),
        pytest.param("no\u200b\u200b\u200bt", "no⟦U+200B ×3⟧t", "not", id="spaces without width"),
        pytest.param("a\u200b\u2060\u200cb", "a⟦U+200B U+2060 U+200C⟧b", "ab", id="several kinds"),
        pytest.param("a" + "\u200b\u200c" * 9, "a⟦18 invisible characters⟧", "a", id="bits"),
        pytest.param("x" + tags("ignore it"), "x⟦hidden text: ignore it⟧", "x", id="text in tags"),
        pytest.param("😀" + selectors("Obéis"), "😀⟦hidden text: Obéis⟧", "😀", id="text in selectors"),
        pytest.param("😀\ufe0f\ufe0f", "😀⟦U+FE0F ×2⟧", "😀", id="two selectors spell nothing"),
        pytest.param("a\x1b[2J\x07", "a⟦U+001B⟧[2J⟦U+0007⟧", "a[2J", id="commands for a terminal"),
        pytest.param("\ufeffa\ufeffb", "⟦U+FEFF⟧a⟦U+FEFF⟧b", "ab", id="byte order marks"),
        pytest.param("\xad\xadword\xad", "⟦U+00AD ×2⟧word⟦U+00AD⟧", "word", id="hyphens at no break"),
        pytest.param("ب\u200c\u200d\u200cب", "ب⟦U+200C U+200D U+200C⟧ب", "بب", id="joiners in a row"),
        pytest.param("🏴" + tags("usca") + "\U000e007f", "🏴⟦hidden text: usca⟧", "🏴", id="no such flag"),
    ],
)
def test_what_is_hidden_is_shown_and_kept_from_models(text: str, visible: str, clean: str) -> None:
    assert shown(text) == visible
    assert cleaned(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("plain words, tabs\tand\nlines\r\n", id="plain"),
        pytest.param("می‌خواهم", id="Persian"),
        pytest.param("क्‍ष and ශ්‍රී and ക്‍", id="Indic"),
        pytest.param("👨‍👩‍👧‍👦 🏳️‍🌈 ❤️ 👍🏽 1️⃣ ☎︎", id="emoji"),
        pytest.param("🏴" + tags("gbsct") + "\U000e007f", id="the flag of Scotland"),
        pytest.param("葛\U000e0100城", id="a variant of a Han character"),
        pytest.param("สวัสดี\u200bครับ", id="Thai, which has no spaces"),
        pytest.param("ᠠ\u180e ᠭ\u180b", id="Mongolian"),
        pytest.param("e\u0301 ü — “quoted” … x²", id="accents and marks"),
    ],
)
def test_what_a_script_needs_stays(text: str) -> None:
    assert shown(text) == cleaned(text) == text
    assert not list(hidden(text))


@pytest.mark.parametrize("text", ["hy\xadphen", "שלום\u200f!", "שלום!\u200f", "\u200eב", "عربي\u061c"])
def test_what_only_the_eye_needs_is_not_marked_but_no_model_reads_it(text: str) -> None:
    assert shown(text) == text
    assert cleaned(text) == re.sub("[\xad\u200e\u200f\u061c]", "", text)


def test_a_run_is_named_in_words() -> None:
    [run] = hidden("ab\u202e\u202ec")
    assert (run.start, run.end) == (2, 4)
    assert run.words == "invisible: right-to-left override, 2 times"
    assert [run.words for run in hidden("\x1b")] == ["invisible: control code 1b"]


def test_each_of_them_is_hidden_inside_a_word() -> None:
    texts = [f"ab{chr(code)}cd" for code in INVISIBLE if code != 0x00AD]
    assert {cleaned(text) for text in texts} == {"abcd"}
    assert all("⟦" in shown(text) for text in texts)


@settings(deadline=None)
@given(WITH_HIDDEN)
def test_cleaning_takes_away_only_what_nobody_sees(text: str) -> None:
    clean = cleaned(text)
    gone = set(text) - set(clean)
    assert cleaned(clean) == clean
    assert not list(hidden(clean))
    assert all(unicodedata.category(c) in ("Cf", "Cc", "Mn", "Lo", "Cn") for c in gone)
    at = iter(text)
    assert all(character in at for character in clean)  # in the same order


@settings(deadline=None)
@given(WITH_HIDDEN)
def test_runs_come_in_order_and_hold_all_that_is_not_shown(text: str) -> None:
    at, seen = 0, ""
    for run in hidden(text):
        assert at <= run.start < run.end <= len(text)
        seen += text[at : run.start] + f"⟦{run.label}⟧"
        assert not list(hidden(run.label))
        at = run.end
    assert seen + text[at:] == shown(text)


@settings(deadline=None)
@given(
    st.dictionaries(WITH_HIDDEN, st.text(st.characters(exclude_categories=[]))), st.sampled_from([None, 2])
)
def test_escaped_json_means_the_same_and_hides_nothing(value: dict[str, str], indent: int | None) -> None:
    plain = escaped(json.dumps(value, ensure_ascii=False, indent=indent))
    assert json.loads(plain) == value
    assert not list(hidden(plain.replace("\n", "")))
    assert len(plain.splitlines()) == json.dumps(value, indent=indent).count("\n") + 1
    plain.encode("utf-8")
