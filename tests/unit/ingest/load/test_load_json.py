"""JSON and JSON Lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.limits import DEFAULT_LIMITS
from ingest.load import json as json_loader
from ingest.load import load
from rag.errors import BrokenDocument, EmptyDocument


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        pytest.param(
            "a.json",
            '{"title": "Ferry", "stops": [{"at": "Ellis", "minute": 5}, {"at": "Bray"}], "open": true}',
            "title: Ferry\nstops[0].at: Ellis\nstops[0].minute: 5\nstops[1].at: Bray\nopen: true",
            id="object",
        ),
        pytest.param("a.json", '[{"a": 1}, {"a": [2, "x", 3.5]}]', "a: 1\n\na: 2, x, 3.5", id="records"),
        pytest.param("a.jsonl", '{"a": "one"}\n\n{"a": "two"}\n', "a: one\n\na: two", id="lines"),
        pytest.param("a.json", '{"a": 1}\n{"a": 2}', "a: 1\n\na: 2", id="lines under another name"),
        pytest.param("a.json", '"only words"', "only words", id="a string"),
        pytest.param(
            "a.json", '{"a": "first line\\nsecond line"}', "a: first line\nsecond line", id="line ends"
        ),
        pytest.param("a.json", '{"a": "x\\ud800y"}', "a: x\ufffdy", id="half a character"),
    ],
)
def test_values_are_led_by_their_path(name: str, source: str, expected: str):
    assert load(source.encode(), name).text == expected


def test_a_title_is_taken():
    assert load(b'{"title": "Ferry times", "x": 1}', "a.json").title == "Ferry times"


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        pytest.param("a.json", '{"a": 1,\n "b"', "it is not valid JSON .* in line 2", id="cut short"),
        pytest.param("a.jsonl", '{"a": 1}\n{"b"', "line 2 is not valid JSON", id="a broken line"),
        pytest.param("a.json", "[" * 100_000, "it is nested too deeply", id="deep"),
    ],
)
def test_broken_json(name: str, source: str, words: str):
    with pytest.raises(BrokenDocument, match=rf"^{name}: {words}"):
        load(source.encode(), name)


@pytest.mark.parametrize("source", ["{}", "[]", "null", '[null, ""]'])
def test_nothing_in_it(source: str):
    with pytest.raises(EmptyDocument):
        load(source.encode(), "a.json")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc \n"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("kl", min_size=1), inner, max_size=4),
)


def words_in(value: object) -> list[str]:
    if isinstance(value, dict):
        return [word for item in value.values() for word in words_in(item)]
    if isinstance(value, list):
        return [word for item in value for word in words_in(item)]
    return [value.strip()] if isinstance(value, str) else []


@given(values)
def test_every_string_is_kept(value: object):
    text = json_loader.load(json.dumps(value).encode(), "a.json", DEFAULT_LIMITS).text

    assert all(word in text for word in words_in(value))
