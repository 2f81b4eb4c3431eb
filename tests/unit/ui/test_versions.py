from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import document, put

from ui.versions import Versions


@pytest.fixture
def versions(library, embedder) -> Versions:
    put(library, "news", "A plane came.", embedder)
    return Versions(library)


def test_it_stays_while_nothing_changes(versions) -> None:
    assert versions.of("") == versions.of("")


@pytest.mark.parametrize("change", ["added", "changed", "removed", "failed"])
def test_it_is_another_after_each_change(versions, library, embedder, change) -> None:
    before = versions.of("")
    if change == "removed":
        library.remove("news")
    elif change == "failed":
        library.fail(replace(document("bad", "", 0), status="failed", error="bad: broken"))
    else:
        put(library, "news" if change == "changed" else "zoo", "A zebra came.", embedder)
    assert versions.of("") != before


def test_what_others_have_does_not_change_it(versions, library, embedder) -> None:
    before = versions.of("anna"), versions.of("bob")
    uri = (library.path.absolute() / "uploads/@bob/own.txt").as_uri()
    put(library, "of-bob", "The zebra is his.", embedder, uri=uri)
    assert versions.of("anna") == before[0]
    assert versions.of("bob") != before[1]
