from __future__ import annotations

import pytest

from rag.people.access import USER_NAME, may_change, may_read, owner_of, private_folder


@pytest.mark.parametrize(
    ("uri", "owner"),
    [
        pytest.param("file:///library/uploads/@anna/a.pdf", "anna", id="uploaded"),
        pytest.param("file:///library/uploads/%40anna/folder/a.pdf", "anna", id="quoted, in a folder"),
        pytest.param("file:///library/uploads/a.pdf", "", id="before there were users"),
        pytest.param("file:///documents/a.pdf", "", id="added by the operator"),
        pytest.param("file:///library/uploads/@anna/uploads/@bob/a.pdf", "anna", id="a folder of that name"),
        pytest.param("file:///library/uploads/@Anna/a.pdf", "", id="no name of a user"),
    ],
)
def test_whose_a_document_is(uri: str, owner: str) -> None:
    assert owner_of(uri) == owner
    assert may_read(uri, "")
    assert may_change(uri, "")
    assert may_read(uri, "bob") == (owner == "")
    assert not may_change(uri, "bob")
    assert may_read(uri, "anna")
    assert may_change(uri, "anna") == (owner == "anna")


@pytest.mark.parametrize("name", ["anna", "a", "0", "anna.b-c_d", "a" * 32])
def test_a_users_folder_is_the_users(name: str) -> None:
    assert USER_NAME.fullmatch(name)
    assert owner_of(f"file:///library/uploads/{private_folder(name)}/a.pdf") == name


@pytest.mark.parametrize("name", ["", "Anna", ".anna", "a/b", "a" * 33, "a b", "@anna", "ä"])
def test_names_that_no_user_has(name: str) -> None:
    assert not USER_NAME.fullmatch(name)
