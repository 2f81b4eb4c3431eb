from __future__ import annotations

import json
import sys

import pytest
from fakes import AngleEmbedder, put
from rich.console import Console
from typer.testing import CliRunner

from rag.errors import LibraryInUse, SettingsError, UserError
from rag.library import Library
from rag.people.sessions import Sessions
from rag.people.users import Users
from rag.settings import Settings
from rag.storage.tables import conversations
from ui import user_care
from ui.chatting import run
from ui.cli import app

PASSWORD = "correct horse battery"  # noqa: S105


def footnote(*arguments: str, typed: str | None = None):
    """Run a command; one that fails with an error of ours raises it."""
    done = CliRunner().invoke(app, ["users", *arguments], input=typed)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def added(name: str, *more: str):
    return footnote("add", name, "--stdin", *more, typed=f"{PASSWORD}\n")


@pytest.fixture
def catalog_of(tmp_path):
    def opened() -> Library:
        return Library.open(tmp_path / "library")

    return opened


def leave_something(library: Library, name: str) -> None:
    file = library.path / f"uploads/@{name}/x.txt"
    file.parent.mkdir(parents=True)
    file.write_text("A plane came.")
    put(library, f"{name}s", "A plane came.", AngleEmbedder(), uri=file.as_uri())
    made = {"made_at": "2026-01-01", "changed_at": "2026-01-01"}
    with library.catalog.transaction(write=True) as connection:
        connection.execute(conversations.insert().values(id="c", owner=name, title="x", scope={}, **made))


def test_a_user_is_made_listed_and_removed(catalog_of):
    done = added("anna")
    assert done.output == "anna can sign in now, once the chat runs with --auth\n"
    with catalog_of() as library:
        assert Users(library.catalog).verify("anna", PASSWORD)
    [shown] = json.loads(footnote("list", "--json").output)
    assert (shown["name"], shown["documents"], shown["conversations"]) == ("anna", 0, 0)
    assert "password" not in shown
    assert "anna" in footnote("list").output
    assert footnote("remove", "anna").output == "anna cannot sign in any more\n"
    assert "no user yet: make one by 'footnote users add NAME'" in footnote("list").output


def test_what_cannot_be_done_is_told(catalog_of):
    added("anna")
    with pytest.raises(UserError, match="a user 'anna' already: change the password by"):
        added("anna")
    with pytest.raises(UserError, match="cannot be the name of a user"):
        added("../anna")
    with pytest.raises(UserError, match="no user 'bob'"):
        footnote("remove", "bob")
    with pytest.raises(UserError, match="no user 'bob'"):
        footnote("password", "bob", "--stdin", typed=f"{PASSWORD}\n")
    with pytest.raises(UserError, match="at least 12 characters"):
        footnote("add", "bob", "--stdin", typed="short\n")
    with pytest.raises(UserError, match="at least 12 characters"):
        footnote("add", "bob", "--stdin", typed="")
    with pytest.raises(UserError, match="no terminal to ask for the password: .* --stdin"):
        footnote("add", "bob", typed=f"{PASSWORD}\n")


def test_a_new_password_signs_out(catalog_of):
    added("anna")
    with catalog_of() as library:
        library.lock()
        token = Sessions(library.catalog).begin("anna")
    done = footnote("password", "anna", "--stdin", typed="another good password\n")
    assert done.output == "anna has a new password, and has to sign in again everywhere\n"
    with catalog_of() as library:
        assert Sessions(library.catalog).user_of(token) is None
        assert Users(library.catalog).verify("anna", "another good password")


def test_what_a_user_leaves_stays_until_it_is_removed_as_well(catalog_of):
    added("anna")
    with catalog_of() as library:
        leave_something(library, "anna")
    assert footnote("remove", "anna").output == (
        "anna cannot sign in any more\n"
        "1 document and 1 conversation of theirs stay, unseen by others: remove them by "
        "'footnote users remove anna --with-everything'\n"
    )
    with pytest.raises(UserError, match="an earlier user 'anna' left 1 document and 1 conversation: give"):
        added("anna")
    assert "anna finds 1 document and 1 conversation" in added("anna", "--take-over").output
    footnote("remove", "anna")
    assert "1 document and 1 conversation removed" in footnote("remove", "anna", "--with-everything").output
    with catalog_of() as library:
        assert library.documents() == []
        assert not (library.path / "uploads/@anna").exists()
    added("anna")
    assert "there was nothing else of theirs" in footnote("remove", "anna", "--with-everything").output


def test_while_the_chat_runs_users_stay_as_they_are(catalog_of):
    added("anna")
    with catalog_of() as library:
        library.lock("footnote chat")
        for arguments in (["add", "bob", "--stdin"], ["password", "anna", "--stdin"], ["remove", "anna"]):
            with pytest.raises(LibraryInUse, match="footnote chat"):
                footnote(*arguments, typed=f"{PASSWORD}\n")
        assert "anna" in footnote("list").output


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        pytest.param([PASSWORD, PASSWORD], PASSWORD, id="twice the same"),
        pytest.param([PASSWORD, PASSWORD + "!"], "differ, and nothing was changed", id="two that differ"),
        pytest.param(["short"], "too short", id="too short, not asked twice"),
    ],
)
def test_in_a_terminal_the_password_is_asked_for_twice(monkeypatch, typed, outcome):
    answers = iter(typed)
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr(user_care.getpass, "getpass", lambda _prompt: next(answers))
    if outcome == PASSWORD:
        assert user_care.ask_password("anna", stdin=False) == PASSWORD
    else:
        with pytest.raises(UserError, match=outcome):
            user_care.ask_password("anna", stdin=False)
    assert list(answers) == []


@pytest.mark.parametrize("command", [[], ["add"], ["list"], ["password"], ["remove"]])
def test_help_shows_an_example(command):
    assert "Example" in CliRunner().invoke(app, ["users", *command, "--help"]).output


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        pytest.param({"auth": True}, "no user yet: make one by 'footnote users add NAME'", id="no user"),
        pytest.param({"host": "0.0.0.0"}, "without signing in: add --auth", id="others, no sign-in"),
        pytest.param({"hosts": ("docs.example",)}, "without signing in: add --auth", id="a name, no sign-in"),
    ],
)
def test_a_chat_that_others_could_misuse_does_not_start(tmp_path, settings, why):
    with pytest.raises(SettingsError, match=why):
        run(Console(), Settings(library=tmp_path / "library", port=0, offline=True, **settings))
    assert not list(tmp_path.glob("library/writer.json"))
