from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markup import parse

from rag.text.hidden import hidden, shown
from ui.html import Html, element, join, text


@given(st.text(), st.text())
def test_words_come_back_exactly_and_are_never_markup(words, value):
    node = parse(element("p", words, title=value, data_again=value)).one("p")
    assert node.text == words.replace("\0", "\N{REPLACEMENT CHARACTER}")
    assert node.attributes == {
        "title": shown(value),
        "data-again": value.replace("\0", "\N{REPLACEMENT CHARACTER}"),
    }
    assert [each.attributes["data-label"] for each in node.all()] == [run.label for run in hidden(words)]


def test_hidden_characters_are_labelled_and_cannot_turn_the_words_round():
    node = parse(element("p", "see \u202egpj.exe", aria_label="a\u200bb"))
    run = node.one("bdi")
    assert run.attributes == {
        "class": "hidden-run",
        "role": "img",
        "aria-label": "invisible: right-to-left override",
        "data-label": "U+202E",
    }
    assert run.text == "\u202e"
    assert node.one("p").attributes["aria-label"] == "a⟦U+200B⟧b"


@given(st.text())
def test_markup_is_one_line_that_markdown_leaves_alone(words):
    html = element("div", words)
    assert not set(html) & set("\n\r\t")
    assert inspect.cleandoc(html) == html


def test_markup_is_not_escaped_twice():
    assert element("p", element("b", "a < b"), Html("&nbsp;")) == "<p><b>a &lt; b</b>&nbsp;</p>"
    assert text(text("<")) == "&lt;"


@pytest.mark.parametrize(
    ("attributes", "written"),
    [
        ({"class_": "a b"}, '<i class="a b"></i>'),
        ({"aria_label": 'say "hi"'}, '<i aria-label="say &quot;hi&quot;"></i>'),
        ({"data_start": 0}, '<i data-start="0"></i>'),
        ({"hidden": True}, "<i hidden></i>"),
        ({"hidden": False, "title": None}, "<i></i>"),
    ],
)
def test_attributes(attributes, written):
    assert element("i", **attributes) == written


def test_join_leaves_none_out():
    assert join("a", None, "<", between=" ") == "a &lt;"


def test_an_element_without_content_has_no_end_tag():
    assert element("input", type="checkbox", checked=True) == '<input type="checkbox" checked>'
