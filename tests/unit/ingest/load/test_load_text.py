"""Plain text: encodings, line ends, and that nothing else is changed."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.limits import DEFAULT_LIMITS
from ingest.load import load
from ingest.load import text as text_loader
from ingest.load.decode import decode
from rag.errors import BrokenDocument

GERMAN = "Die Größe der Brücke über die Öffnung beträgt 40 Meter, und das Maß ist schön geprüft.\n" * 3
RUSSIAN = (
    "Однажды в студёную зимнюю пору я из лесу вышел; был сильный мороз. Гляжу, поднимается в гору.\n" * 3
)


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        pytest.param(GERMAN, GERMAN.encode(), id="utf-8"),
        pytest.param(GERMAN, codecs.BOM_UTF8 + GERMAN.encode(), id="utf-8 with mark"),
        pytest.param(GERMAN, codecs.BOM_UTF16_LE + GERMAN.encode("utf-16-le"), id="utf-16-le with mark"),
        pytest.param(GERMAN, codecs.BOM_UTF16_BE + GERMAN.encode("utf-16-be"), id="utf-16-be with mark"),
        pytest.param(GERMAN, codecs.BOM_UTF32_LE + GERMAN.encode("utf-32-le"), id="utf-32-le with mark"),
        pytest.param(GERMAN, GERMAN.encode("utf-16-le"), id="utf-16-le without mark"),
        pytest.param(GERMAN, GERMAN.encode("utf-16-be"), id="utf-16-be without mark"),
        pytest.param(GERMAN, GERMAN.encode("cp1252"), id="cp1252"),
        pytest.param(RUSSIAN, RUSSIAN.encode("cp866"), id="cp866"),
        pytest.param(RUSSIAN, RUSSIAN.encode("cp1251"), id="cp1251"),
    ],
)
def test_encodings_are_detected(text: str, encoded: bytes):
    assert load(encoded, "a.txt").text == text


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
def test_any_text_comes_back_but_for_line_ends(text: str):
    expected = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")

    assert text_loader.load(text.encode(), "a.txt", DEFAULT_LIMITS).text == expected


@given(st.binary())
def test_any_bytes_are_decoded_or_refused(data: bytes):
    outcome = decoded_or_refused(data)

    assert "\r" not in outcome


def decoded_or_refused(data: bytes) -> str:
    try:
        return decode(data, "a.txt")
    except BrokenDocument as error:
        return str(error)


def test_zero_characters_are_replaced_in_place():
    assert load(b"ab\0cd, then more words", "a.txt").text == "ab\ufffdcd, then more words"


def test_binary_data_is_refused():
    with pytest.raises(BrokenDocument, match=r"^a\.log: it holds binary data"):
        load(bytes(range(256)) * 40, "a.log")


def test_plain_text_has_no_title_pages_or_headings():
    text = load(b"First line\n\n# second", "a.text")

    assert (text.media_type, text.title, text.pages, text.headings) == ("text/plain", None, (), ())
