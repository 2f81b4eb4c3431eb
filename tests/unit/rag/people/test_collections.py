from __future__ import annotations

import pytest
from fakes import put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import CollectionNotFound, UsageError
from rag.people.collections import LONGEST, Collections, named

NAMES = ("planes", "oil", "river")


@pytest.fixture
def collections(library, embedder):
    for name in NAMES:
        put(library, name, f"The {name} of May.", embedder)
    return Collections(library.catalog)


def test_documents_come_and_go_and_are_in_many(collections):
    first, second = collections.create("Second half", ""), collections.create("first half", "")
    collections.add(first.id, ["planes", "oil", "planes", "nobody"], "")
    collections.add(first.id, ["oil"], "")
    collections.add(second.id, ["oil"], "")
    assert collections.document_ids(first.id, "") == {"planes", "oil"}
    assert [(each.name, each.n_documents) for each in collections.of("")] == [
        ("first half", 1),
        ("Second half", 2),
    ]
    assert collections.holding(NAMES, "") == {
        "planes": ("Second half",),
        "oil": ("first half", "Second half"),
    }
    collections.take(first.id, ["oil", "river"], "")
    assert collections.document_ids(first.id, "") == {"planes"}


def test_deleting_a_collection_leaves_its_documents_and_removing_a_document_its_collections(
    collections, library
):
    made, other = collections.create("Planes", ""), collections.create("Oil", "")
    collections.add(made.id, NAMES, "")
    collections.add(other.id, NAMES, "")
    collections.delete(made.id, "")
    assert len(library.documents()) == 3
    library.remove("oil")
    assert collections.document_ids(other.id, "") == {"planes", "river"}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param(" Two \n words ", "Two words", id="spaces"),
        pytest.param("x" * LONGEST, "x" * LONGEST, id="the longest"),
        pytest.param("Отчёты", "Отчёты", id="another script"),
    ],
)
def test_names(name, kept):
    assert named(name) == kept


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("", "needs a name", id="empty"),
        pytest.param(" \t", "needs a name", id="only spaces"),
        pytest.param("x" * 81, "at most 80 characters, and this one 81", id="too long"),
        pytest.param("PLANES", "there is a collection 'Planes' already", id="taken, in other letters"),
    ],
)
def test_a_name_that_cannot_be_is_refused(collections, name, why):
    collections.create("Planes", "")
    other = collections.create("Oil", "")
    with pytest.raises(UsageError, match=why):
        collections.create(name, "")
    with pytest.raises(UsageError, match=why):
        collections.rename(other.id, name, "")
    assert [each.name for each in collections.of("")] == ["Oil", "Planes"]


def test_a_collection_may_keep_its_name_in_other_letters(collections):
    made = collections.create("planes", "")
    collections.rename(made.id, "Planes", "")
    assert collections.get(made.id, "").name == "Planes"


def test_the_collections_of_another_are_not_there(collections):
    made = collections.create("Planes", "anna")
    collections.create("Planes", "bob")
    assert [each.name for each in collections.of("anna")] == ["Planes"]
    for act in (
        lambda: collections.get(made.id, "bob"),
        lambda: collections.document_ids(made.id, "bob"),
        lambda: collections.rename(made.id, "Mine", "bob"),
        lambda: collections.add(made.id, ["oil"], "bob"),
        lambda: collections.take(made.id, ["oil"], "bob"),
        lambda: collections.delete(made.id, "bob"),
    ):
        with pytest.raises(CollectionNotFound, match=f"no collection '{made.id}'"):
            act()
    assert collections.get(made.id, "anna").n_documents == 0


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from(NAMES))), max_size=8))
def test_a_collection_holds_what_was_put_in_and_not_taken_out(collections, steps):
    made = collections.create("Any", "")
    expected: set[str] = set()
    for puts, names in steps:
        (collections.add if puts else collections.take)(made.id, names, "")
        expected = expected | set(names) if puts else expected - set(names)
        assert collections.document_ids(made.id, "") == expected
        assert collections.get(made.id, "").n_documents == len(expected)
    collections.delete(made.id, "")
