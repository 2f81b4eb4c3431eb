"""What is known of a file by its hash alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import document

from ingest.twins import Twins, copied_title


def held(path: str, content: str = "A", **facts):
    return document(
        path, content, uri=Path(path).as_uri(), sha256=content, **{"title": Path(path).stem} | facts
    )


@pytest.mark.parametrize(
    ("twin", "path", "title"),
    [
        pytest.param(held("/a/one.txt"), "/b/one.txt", "one", id="same-name"),
        pytest.param(held("/a/one.txt"), "/a/two.txt", None, id="the-name-is-the-title"),
        pytest.param(held("/a/one.md", title="Zebras"), "/a/two.md", "Zebras", id="a-title-of-its-own"),
        pytest.param(held("/a/one.md", title="Zebras"), "/a/one.MD", "Zebras", id="extension-in-capitals"),
        pytest.param(held("/a/one.md", title="Zebras"), "/a/one.txt", None, id="read-by-another-loader"),
        pytest.param(document("x", "A", uri="https://example.org/one.txt"), "/a/one.txt", None, id="no-file"),
    ],
)
def test_the_title_at_another_place(twin, path, title) -> None:
    assert copied_title(twin, Path(path)) == title


def test_the_twin_is_one_that_can_be_copied_and_best_the_one_named() -> None:
    one, two, other = held("/a/one.txt"), held("/b/two.txt"), held("/c/two.txt")
    twins = Twins([one, two, other, held("/d/two.txt", "B"), held("/e/two.txt", n_passages=0)])
    assert twins.twin("A", Path("/f/two.txt")) == two
    assert twins.twin("A", Path("/f/two.txt"), first=other) == other
    assert twins.twin("A", Path("/f/two.txt"), first=one) == two
    assert twins.twin("A", Path("/f/three.txt"), first=other) == other
    assert twins.twin("C", Path("/f/two.txt")) is None


def test_a_document_that_changed_or_went_is_no_twin_any_more() -> None:
    one = held("/a/one.txt")
    twins = Twins([one])
    twins.put(held("/a/one.txt", "B"))
    assert (twins.twin("A", Path("/a/two.txt")), twins.at(one.uri).sha256) == (None, "B")
    twins.drop(one.uri)
    assert (twins.twin("B", Path("/a/two.txt")), twins.at(one.uri)) == (None, None)
