from __future__ import annotations

import pytest
from fakes import document
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markup import parse

from ui.reader import AROUND, WHOLE, render_document, window_of

WORDS = st.text(st.sampled_from('ab .\n\t#*-1"<>&é\u202e'), max_size=300)
KINDS = st.sampled_from(["text/plain", "text/markdown", "application/pdf", "text/csv"])


@settings(max_examples=200, deadline=None)
@given(WORDS, KINDS, st.data())
def test_the_words_shown_are_the_documents_and_the_mark_is_the_quote(content, kind, data):
    point = st.integers(0, len(content))
    start, end = sorted((data.draw(point), data.draw(point)))
    assume(start < end)
    passage = sorted((data.draw(point), data.draw(point)))
    pages = sorted({0, *data.draw(st.lists(point, max_size=4))}) if data.draw(st.booleans()) else []
    html = render_document(
        document("d", content, media_type=kind), content, pages, (start, end), passage=tuple(passage)
    )
    root = parse(html)
    assert root.one(".reader-text").text == content
    assert root.one("mark").text == content[start:end]
    assert root.one("mark").attributes["id"] == "quote"
    assert "\n" not in html


def test_pages_are_labelled_and_the_place_is_told():
    content = "first page second page third page"
    root = parse(
        render_document(
            document("log", content, n_pages=3), content, (0, 11, 23), (11, 17), headings=("Log", "Part two")
        )
    )
    assert [mark.attributes["data-label"] for mark in root.all(".page-mark")] == [
        "Page 1",
        "Page 2",
        "Page 3",
    ]
    assert root.one(".reader-place").text == "Page 2 of 3 · Part two"


def test_a_quote_across_pages_stays_one_mark():
    content = "one two three four"
    root = parse(render_document(document("d", content), content, (0, 8), (4, 13)))
    assert root.one("mark").text == "two three"
    assert root.one("mark").one(".page-mark").attributes["data-label"] == "Page 2"


def test_without_a_quote_nothing_is_marked():
    root = parse(render_document(document("d", "some words"), "some words", (), (0, 0)))
    assert not root.all("mark")
    assert root.one(".reader-text").text == "some words"


def test_the_passage_is_set_off():
    root = parse(render_document(document("d", "a b c d e"), "a b c d e", (), (4, 5), passage=(2, 7)))
    assert root.one(".context").text == "b c d"


LONG = "word " * 20_000


@pytest.mark.parametrize(
    ("quote", "shown", "more"),
    [
        ((50_000, 50_004), (50_000 - AROUND, 50_004 + AROUND), 2),
        ((0, 4), (0, 4 + AROUND), 1),
        ((99_995, 99_999), (99_995 - AROUND, 100_000), 1),
    ],
    ids=["middle", "start", "end"],
)
def test_of_a_long_document_the_part_around_the_quote_is_shown(quote, shown, more):
    assert window_of(len(LONG), quote) == shown
    root = parse(render_document(document("d", LONG), LONG, (), quote))
    assert root.one(".reader-text").text == LONG[slice(*shown)]
    assert len(root.all(".more")) == more


def test_more_can_be_seen_until_all_is_seen():
    quote, window = (50_000, 50_004), None
    for _ in range(10):
        root = parse(render_document(document("d", LONG), LONG, (), quote, window=window))
        buttons = root.all(".more")
        if not buttons:
            break
        window = int(buttons[-1].attributes["data-from"]), int(buttons[-1].attributes["data-to"])
        assert root.one("mark").text == LONG[slice(*quote)]
    assert root.one(".reader-text").text == LONG
    assert len(LONG) > WHOLE


def test_markdown_headings_stand_out_and_keep_their_signs():
    content = "# Title\n\nwords\n## Part\n#no heading"
    root = parse(render_document(document("d", content, media_type="text/markdown"), content, (), (0, 0)))
    assert [node.text for node in root.all(".heading")] == ["# Title", "## Part"]


@pytest.mark.parametrize(
    ("content", "soft"),
    [
        (f"{'long line ' * 7}\nthat goes on", 1),
        (f"{'long line ' * 7}\n- an item", 0),
        (f"{'long line ' * 7}\n2. an item", 0),
        (f"{'long line ' * 7}\n\na paragraph", 0),
        ("a verse\nof short lines", 0),
    ],
    ids=["wrapped", "bullet", "number", "paragraph", "short"],
)
def test_line_ends_that_only_wrap_are_soft(content, soft):
    root = parse(render_document(document("d", content), content, (), (0, 0)))
    assert len(root.all(".soft")) == soft
