"""Markdown: which lines are headings, and the title."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.limits import DEFAULT_LIMITS
from ingest.load import load, markdown

PAGE = """\
---
title: "The river guide"
tags: [a]
---
# Rivers #

Some words.

```python
# not a heading
```

Lakes
=====

The ~~~ in a line is no fence.

### Deep *ones*
Ponds
-----
"""


def test_headings_are_marked_where_their_line_starts():
    text = load(PAGE.encode(), "a.md")

    assert text.text == PAGE
    assert [(mark.level, mark.title) for mark in text.headings] == [
        (1, "Rivers"),
        (1, "Lakes"),
        (3, "Deep *ones*"),
        (2, "Ponds"),
    ]
    assert all(text.text[mark.start :].lstrip("# ").startswith(mark.title) for mark in text.headings)
    assert all(mark.start == 0 or text.text[mark.start - 1] == "\n" for mark in text.headings)


@pytest.mark.parametrize(
    ("source", "title"),
    [
        pytest.param("---\ntitle: From front matter\n---\n# Heading", "From front matter", id="yaml"),
        pytest.param("+++\ntitle = 'From toml'\n+++\n# Heading", "From toml", id="toml"),
        pytest.param("## Second\n\n# First", "First", id="the first of the top headings"),
        pytest.param("---\ntitle: untitled\n---\n# Real", "Real", id="junk gives way to a heading"),
        pytest.param("only words", None, id="none"),
    ],
)
def test_title(source: str, title: str | None):
    assert load(source.encode(), "a.markdown").title == title


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("#hashtag words", id="no space"),
        pytest.param("####### seven", id="seven"),
        pytest.param("    # code", id="indented"),
        pytest.param("~~~\n# code\n```\n# code\n~~~", id="tilde fence"),
        pytest.param("````\n```\n# code\n````", id="longer fence"),
        pytest.param("words\n\n---\nmore", id="rule"),
        pytest.param("- item\n---", id="rule below a list"),
        pytest.param("two\nlines\n---", id="only the last of two lines is above the rule"),
        pytest.param("# \nwords", id="no words"),
    ],
)
def test_lines_that_are_no_headings(source: str):
    assert load(source.encode(), "a.md").headings == ()


@given(st.text(st.sampled_from("#=-`~ ab\n\t|>"), max_size=80))
def test_headings_lie_in_order_at_line_starts(source: str):
    text = markdown.load(source.encode(), "a.md", DEFAULT_LIMITS)
    starts = [mark.start for mark in text.headings]

    assert starts == sorted(set(starts))
    assert all(start == 0 or text.text[start - 1] == "\n" for start in starts)
    assert all(mark.title in text.text[mark.start :].split("\n", 1)[0] for mark in text.headings)
