"""What is written for other programs, and what of it reaches a person."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.options import print_json, print_json_line, write_text

HOSTILE = "A\x1b]0;owned\x07 plane\rcame \u202enow \x9b31m\x7f\u2028ü."


class _Out(io.StringIO):
    def __init__(self, terminal: bool = False, encoding: str = "utf-8") -> None:
        super().__init__()
        self.buffer = io.BytesIO()
        self.isatty = lambda: terminal
        self._encoding = encoding

    @property
    def encoding(self) -> str:
        return self._encoding


@pytest.mark.parametrize(
    ("terminal", "written"),
    [
        (False, HOSTILE),
        (True, "A⟦U+001B⟧]0;owned⟦U+0007⟧ plane\ncame ⟦U+202E⟧now ⟦U+009B⟧31m⟦U+007F⟧\nü."),
    ],
)
def test_a_text_is_written_exactly_but_to_a_terminal(
    terminal: bool, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = _Out(terminal)
    monkeypatch.setattr("sys.stdout", out)
    write_text(HOSTILE)
    assert out.buffer.getvalue().decode() == written


@given(st.text(st.characters(exclude_categories=[])))
def test_json_means_the_same_on_lines_of_its_own(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        out = _Out()
        patch.setattr("sys.stdout", out)
        print_json_line({"text": text})
        print_json_line([text])
    first, second = out.getvalue().splitlines()
    assert (json.loads(first), json.loads(second)) == ({"text": text}, [text])


def test_json_has_nothing_that_acts_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = _Out()
    monkeypatch.setattr("sys.stdout", out)
    print_json({"text": HOSTILE})
    assert json.loads(out.getvalue()) == {"text": HOSTILE}
    assert not set("\x1b\x07\r\u202e\x9b\x7f\u2028") & set(out.getvalue())
    assert "ü" in out.getvalue()


def test_an_output_that_lacks_characters_gets_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    out = _Out(encoding="ascii")
    monkeypatch.setattr("sys.stdout", out)
    print_json({"text": HOSTILE})
    assert out.getvalue().isascii()
    assert json.loads(out.getvalue()) == {"text": HOSTILE}
