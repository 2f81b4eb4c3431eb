from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from rag.errors import UserError
from rag.people.sessions import Sessions
from rag.people.users import MOST_CHARACTERS, Users, check_name, check_password

GOOD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Rounds and memory that would protect nobody, and make tests quick."""


@pytest.fixture
def users(library) -> Users:
    return Users(library.catalog, QUICK)


def test_a_user_signs_in_by_the_password_and_by_no_other(users) -> None:
    users.add("anna", GOOD)
    assert users.verify("anna", GOOD)
    for wrong in ("", GOOD.upper(), GOOD + " ", "x" * (MOST_CHARACTERS + 1)):
        assert not users.verify("anna", wrong)
    assert not users.verify("bob", GOOD)
    assert [user.name for user in users.all()] == ["anna"]


def test_only_a_salted_hash_is_stored(users, library) -> None:
    for name in ("anna", "bob"):
        users.add(name, GOOD)
    stored = dict(
        library.catalog._store._engine.connect().exec_driver_sql("SELECT name, password FROM users").all()
    )
    assert len(set(stored.values())) == 2
    assert all(value.startswith("$argon2id$") and "horse" not in value for value in stored.values())


def test_the_default_hash_has_the_profile_of_rfc_9106(library) -> None:
    users = Users(library.catalog)
    users.add("anna", GOOD)
    stored = library.catalog._store._engine.connect().exec_driver_sql("SELECT password FROM users").scalar()
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_name_that_nobody_has_is_verified_as_long(users, monkeypatch) -> None:
    verified = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher, "verify", lambda self, *a: verified.append(a[0].rsplit("$", 2)[0]) or verify(self, *a)
    )
    users.add("anna", GOOD)
    assert not users.verify("anna", "something else")
    assert not users.verify("nobody", "something else")
    assert len(verified) == 2
    assert verified[0] == verified[1]  # the same rounds and memory


def test_a_password_is_the_same_however_it_is_composed(users) -> None:
    users.add("anna", "Ågreträd står här")
    assert users.verify("anna", "A\u030agretra\u0308d sta\u030ar ha\u0308r")


def test_a_weaker_hash_is_made_again_when_its_user_signs_in(users, library) -> None:
    users.add("anna", GOOD)
    stronger = PasswordHasher(time_cost=2, memory_cost=128, parallelism=1)
    assert not Users(library.catalog, stronger).verify("anna", "wrong password")
    assert Users(library.catalog, stronger).verify("anna", GOOD)
    stored = library.catalog._store._engine.connect().exec_driver_sql("SELECT password FROM users").scalar()
    assert "m=128,t=2,p=1" in stored
    assert Users(library.catalog, stronger).verify("anna", GOOD)


def test_a_hash_that_is_none_lets_nobody_in(users, library) -> None:
    users.add("anna", GOOD)
    with library.catalog.transaction(write=True) as connection:
        connection.exec_driver_sql("UPDATE users SET password = 'plain'")
    assert not users.verify("anna", "plain")


def test_a_new_password_ends_the_sessions_of_that_user_only(users, library) -> None:
    sessions = Sessions(library.catalog)
    for name in ("anna", "bob"):
        users.add(name, GOOD)
    anna, bob = sessions.begin("anna"), sessions.begin("bob")
    users.set_password("anna", "another good password")
    assert not users.verify("anna", GOOD)
    assert users.verify("anna", "another good password")
    assert (sessions.user_of(anna), sessions.user_of(bob)) == (None, "bob")


def test_who_is_removed_is_signed_out_and_not_let_in(users, library) -> None:
    sessions = Sessions(library.catalog)
    users.add("anna", GOOD)
    token = sessions.begin("anna")
    assert users.remove("anna")
    assert not users.remove("anna")
    assert not users.verify("anna", GOOD)
    assert sessions.user_of(token) is None


def test_what_cannot_be_is_told(users) -> None:
    users.add("anna", GOOD)
    with pytest.raises(UserError, match="there is a user 'anna' already"):
        users.add("anna", GOOD)
    with pytest.raises(UserError, match="no user 'bob': 'footnote users list'"):
        users.set_password("bob", GOOD)
    assert users.verify("anna", GOOD)


@pytest.mark.parametrize("name", ["", "Anna", "../anna", "a b", "anna\n", "a" * 33, ".a"])
def test_a_name_that_cannot_be_a_folder_is_refused(users, name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name of a user: use 1 to 32"):
        users.add(name, GOOD)
    with pytest.raises(UserError):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        pytest.param("anna", "short", "at least 12 characters", id="short"),
        pytest.param("anna", "", "at least 12 characters", id="empty"),
        pytest.param("anna", "anna anna anna", "not counting the user's name", id="the name again"),
        pytest.param("anna", "ANNA12345678", "not counting the user's name", id="the name in capitals"),
        pytest.param("anna", "x" * (MOST_CHARACTERS + 1), "more than 1,024", id="a book"),
    ],
)
def test_a_password_that_is_easily_found_is_refused(users, name: str, password: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        check_password(name, password)
    with pytest.raises(UserError, match=why):
        users.add(name, password)
    assert users.all() == []
