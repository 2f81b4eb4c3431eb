"""Answers of the parsing process: what goes in comes out, and nothing else is believed."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import answers
from rag.errors import BrokenDocument, EmptyDocument, LoadError
from rag.types import Heading, Text

GOOD = {"text": "Pier\n\nwords", "title": None, "pages": [0, 6], "headings": [[0, 1, "Pier"]]}


@given(st.text(st.characters(exclude_categories=("Cs",))), st.none() | st.text("ab"), st.data())
def test_a_text_comes_back(words: str, title: str | None, data: st.DataObject):
    offsets = sorted(data.draw(st.lists(st.integers(0, len(words)))))
    text = Text(words, "text/plain", title, tuple(offsets), tuple(Heading(at, 1, "x") for at in offsets))

    assert answers.unpack(answers.pack(text), "a.txt", 10**6) == text


def test_an_error_comes_back():
    outcome = answers.unpack(answers.pack(EmptyDocument("a.txt: nothing")), "a.txt", 10)

    assert type(outcome) is EmptyDocument
    assert str(outcome) == "a.txt: nothing"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(pickle.dumps(GOOD), id="pickle"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b'{"error": "SystemExit", "message": ""}', id="an error that is none of ours"),
        pytest.param(b'{"error": ["LoadError"], "message": ""}', id="an error that is no name"),
        pytest.param(b'{"error": "LoadError"}', id="an error without words"),
        *(
            pytest.param(json.dumps(GOOD | change).encode(), id=str(change))
            for change in (
                {"text": None},
                {"text": "x" * 101},
                {"title": 5},
                {"pages": [6, 0]},
                {"pages": [-1]},
                {"pages": [12]},
                {"pages": [True]},
                {"pages": "0"},
                {"pages": 3},
                {"headings": [[0, 1]]},
                {"headings": [[0, 0, "x"]]},
                {"headings": [[0, 1, None]]},
                {"headings": [[99, 1, "x"]]},
                {"headings": [[5, 1, "x"], [0, 1, "x"]]},
            )
        ),
    ],
)
def test_a_senseless_answer_is_a_broken_document(reply: bytes):
    outcome = answers.unpack(reply, "a.txt", 100)

    assert type(outcome) is BrokenDocument
    assert str(outcome).startswith("a.txt: the reader gives no sensible answer")


def test_messages_are_kept_short_and_on_one_line():
    reply = json.dumps({"error": "LoadError", "message": "a\n" * 10_000}).encode()
    outcome = answers.unpack(reply, "a.txt", 100)

    assert isinstance(outcome, LoadError)
    assert "\n" not in str(outcome)
    assert len(str(outcome)) <= 1000
