from __future__ import annotations

import hashlib

import pytest
import sqlalchemy as sa

from rag.errors import ApiKeyError, StorageError, UserError
from rag.people.api_keys import A_MINUTE, MOST_A_MINUTE, ApiKeys
from rag.people.users import Users
from rag.storage.tables import api_keys

PASSWORD = "correct horse battery"  # noqa: S105


@pytest.fixture
def keys(library) -> ApiKeys:
    Users(library.catalog).add("anna", PASSWORD)
    return ApiKeys(library.catalog)


def test_a_key_is_found_by_its_secret_and_by_nothing_else(keys) -> None:
    secret = keys.add("nightly", "anna", 7)
    found = keys.find(secret)
    assert (found.name, found.user, found.a_minute) == ("nightly", "anna", 7)
    for wrong in (
        "",
        "nightly",
        "\ud800",
        secret[:-1],
        secret + "=",
        secret.upper(),
        secret.removeprefix("fn_"),
    ):
        assert keys.find(wrong) is None


def test_the_secret_is_as_random_as_it_is_long_and_only_its_hash_is_stored(keys, library) -> None:
    secrets = {keys.add(f"k{n}") for n in range(20)}
    assert len(secrets) == 20
    assert all(secret.startswith("fn_") and len(secret) == 46 for secret in secrets)
    with library.catalog.transaction(write=False) as connection:
        stored = set(connection.scalars(sa.select(api_keys.c.secret)))
    assert stored == {hashlib.sha256(secret.encode()).hexdigest() for secret in secrets}


def test_keys_are_listed_by_name_without_their_secrets(keys) -> None:
    keys.add("b", "anna")
    keys.add("a")
    assert [(key.name, key.user, key.a_minute) for key in keys.all()] == [
        ("a", "", A_MINUTE),
        ("b", "anna", A_MINUTE),
    ]
    assert keys.all()[0].to_dict().keys() == {"name", "user", "a_minute", "made_at"}
    assert keys.all()[0].to_dict()["user"] is None


def test_a_removed_key_lets_nobody_in(keys) -> None:
    one, other = keys.add("one"), keys.add("other")
    keys.remove("one")
    assert keys.find(one) is None
    assert keys.find(other).name == "other"
    with pytest.raises(ApiKeyError, match="no key 'one': 'footnote keys list' shows which there are"):
        keys.remove("one")


def test_the_keys_of_a_user_go_with_the_user_and_stay_with_a_new_password(keys, library) -> None:
    hers, nobodys = keys.add("hers", "anna"), keys.add("nobodys")
    Users(library.catalog).set_password("anna", "another good password")
    assert keys.find(hers).user == "anna"
    Users(library.catalog).remove("anna")
    assert keys.find(hers) is None
    assert keys.find(nobodys).user == ""
    Users(library.catalog).add("anna", PASSWORD)
    assert keys.find(hers) is None, "a new user of the name is let in by no old key"


@pytest.mark.parametrize(
    ("name", "user", "a_minute", "error", "why"),
    [
        pytest.param("taken", "", 1, ApiKeyError, "a key 'taken' already: choose another", id="taken"),
        pytest.param("", "", 1, ApiKeyError, "cannot be the name of a key", id="no name"),
        pytest.param("A b", "", 1, ApiKeyError, "cannot be the name of a key", id="spaces"),
        pytest.param("x", "bob", 1, UserError, "no user 'bob': 'footnote users list'", id="nobody"),
        pytest.param("x", "", 0, ApiKeyError, "1 to 100,000 questions a minute, not 0", id="none"),
        pytest.param("x", "", MOST_A_MINUTE + 1, ApiKeyError, "not 100,001", id="too many"),
    ],
)
def test_what_will_not_do_is_told_and_makes_no_key(keys, name, user, a_minute, error, why) -> None:
    keys.add("taken")
    with pytest.raises(error, match=why):
        keys.add(name, user, a_minute)
    assert [key.name for key in keys.all()] == ["taken"]


def test_a_library_that_may_only_be_read_knows_its_keys(keys, library, monkeypatch) -> None:
    secret = keys.add("one")
    transaction = library.catalog.transaction

    def refusing(*, write: bool):
        if write:
            raise StorageError("the library may only be read")
        return transaction(write=False)

    monkeypatch.setattr(library.catalog, "transaction", refusing)
    assert keys.find(secret).name == "one"
    with pytest.raises(StorageError, match="may only be read"):
        keys.add("two")
