from __future__ import annotations

import pytest
from fakes import put

from rag.errors import UsageError
from rag.people.titles import LONGEST, Titles


@pytest.fixture
def titles(library, embedder):
    put(library, "planes", "A plane came.", embedder)
    return Titles(library.catalog)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        pytest.param("Flights of May", "Flights of May", id="a title"),
        pytest.param("  Flights \n of\tMay ", "Flights of May", id="spaces and line ends"),
        pytest.param("", "Planes", id="empty gives back the file's own"),
        pytest.param(" \n", "Planes", id="only spaces"),
        pytest.param("x" * LONGEST, "x" * LONGEST, id="the longest"),
    ],
)
def test_a_document_is_shown_under_what_it_is_given(library, titles, given, shown):
    titles.give("planes", "Another")
    titles.give("planes", given)
    assert library.document("planes").title == shown
    assert [document.title for document in library.documents()] == [shown]


def test_a_title_too_long_is_refused_and_changes_nothing(library, titles):
    titles.give("planes", "Flights")
    with pytest.raises(UsageError, match="at most 200 characters, and this one 201: shorten it"):
        titles.give("planes", "x" * 201)
    assert library.document("planes").title == "Flights"


def test_a_document_that_is_gone_gets_none(library, titles):
    library.remove("planes")
    titles.give("planes", "Flights")
    assert library.catalog.given_titles() == {}
