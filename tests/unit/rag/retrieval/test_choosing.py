"""What a question is to search, by names."""

from __future__ import annotations

import pytest
from fakes import put

from rag.errors import CollectionNotFound, DocumentNotFound, UsageError
from rag.library import Library
from rag.people.collections import Collections
from rag.retrieval.choosing import choose


@pytest.fixture
def filled(library, embedder) -> Library:
    """Three documents; the collection "My travels" holds two of them, "Empty" none."""
    for name in ("plane", "oil", "river"):
        put(library, name, f"About the {name}.", embedder)
    kept = Collections(library.catalog)
    kept.add(kept.create("My travels", "").id, ["plane", "river"], "")
    kept.create("Empty", "")
    kept.create("Hers", "anna")
    return library


@pytest.mark.parametrize(
    ("collections", "documents", "chosen"),
    [
        pytest.param((), (), None, id="all"),
        pytest.param((), ("Oil",), {"oil"}, id="a-title"),
        pytest.param((), ("oil.txt", "river"), {"oil", "river"}, id="a-file-name-and-an-id"),
        pytest.param(("my  TRAVELS",), (), {"plane", "river"}, id="a-collection-in-other-case"),
        pytest.param(("My travels", "Empty"), ("oil",), {"plane", "river", "oil"}, id="all-together"),
    ],
)
def test_what_is_chosen(filled, collections, documents, chosen) -> None:
    assert choose(filled, collections, documents) == chosen


def test_a_collection_by_its_id(filled) -> None:
    identity = Collections(filled.catalog).find("My travels", "").id
    assert choose(filled, [identity]) == {"plane", "river"}


@pytest.mark.parametrize(
    ("collections", "documents", "error", "message"),
    [
        pytest.param(
            ("Trips",), (), CollectionNotFound, "no collection 'Trips': there is 'Empty'", id="none"
        ),
        pytest.param(("Hers",), (), CollectionNotFound, "'My travels'$", id="another-owner's"),
        pytest.param((), ("zebra",), DocumentNotFound, "no document 'zebra'", id="no-document"),
        pytest.param(("Empty",), (), UsageError, "no document is in the collection 'Empty'", id="empty"),
    ],
)
def test_what_cannot_be_chosen(filled, collections, documents, error, message: str) -> None:
    with pytest.raises(error, match=message):
        choose(filled, collections, documents)


def test_an_error_names_a_few_of_many_collections(library) -> None:
    kept = Collections(library.catalog)
    for number in range(12):
        kept.create(f"C{number:02}", "")
    with pytest.raises(CollectionNotFound, match="'C09' and 2 more$"):
        kept.find("none", "")
