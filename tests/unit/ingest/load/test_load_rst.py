"""reStructuredText: underlined headings and their levels."""

from __future__ import annotations

import pytest

from ingest.load import load

PAGE = """\
=========
 Bridges
=========

Built long ago.

Stone
-----

Old ones.

Arches
~~~~~~

Steel
-----
"""


def test_levels_follow_the_order_of_the_adornments():
    text = load(PAGE.encode(), "a.rst")

    assert text.text == PAGE
    assert text.title == "Bridges"
    assert [(mark.level, mark.title, mark.start) for mark in text.headings] == [
        (1, "Bridges", 0),
        (2, "Stone", PAGE.index("Stone")),
        (3, "Arches", PAGE.index("Arches")),
        (2, "Steel", PAGE.index("Steel")),
    ]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("A long line of words\n---\n", id="underline too short"),
        pytest.param("words\n\n------\n\nwords\n", id="transition"),
        pytest.param("one line\nanother line\n------------\n", id="second line of a paragraph"),
        pytest.param("=====  =====\nA      B\n=====  =====\n", id="table"),
        pytest.param("words only\n", id="nothing underlined"),
    ],
)
def test_lines_that_are_no_headings(source: str):
    assert load(source.encode(), "a.rst").headings == ()
