from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from rag.errors import ApiKeyError, LibraryInUse, UserError
from rag.library import Library
from rag.people.api_keys import ApiKeys
from rag.people.users import Users
from ui.cli import app


def footnote(*arguments: str):
    """Run a command; one that fails with an error of ours raises it."""
    done = CliRunner().invoke(app, ["keys", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def open_library(tmp_path):
    return lambda: Library.open(tmp_path / "library", create=True)


def test_a_key_is_made_listed_and_removed(open_library):
    done = footnote("add", "kiosk")
    secret = done.stdout.strip()
    assert done.stdout == f"{secret}\n", "nothing but the secret goes on to a pipe"
    assert "kiosk stands for nobody, sees what everybody may see, and may ask 60 questions" in done.stderr
    assert "not shown again" in done.stderr
    with open_library() as library:
        assert ApiKeys(library.catalog).find(secret).name == "kiosk"
    [shown] = json.loads(footnote("list", "--json").output)
    assert (shown["name"], shown["user"], shown["a_minute"]) == ("kiosk", None, 60)
    for said in (footnote("list"), footnote("list", "--json")):
        assert "kiosk" in said.output
        assert secret not in said.output
    assert footnote("remove", "kiosk").output == "nobody comes in by the key kiosk any more\n"
    assert "no key yet: make one by 'footnote keys add NAME'" in footnote("list").output


def test_a_key_of_a_user_with_a_limit_as_json(open_library):
    with open_library() as library:
        library.lock()
        Users(library.catalog).add("anna", "correct horse battery")
    told = json.loads(footnote("add", "nightly", "--user", "anna", "--a-minute", "600", "--json").stdout)
    assert {key: told[key] for key in ("name", "user", "a_minute")} == {
        "name": "nightly",
        "user": "anna",
        "a_minute": 600,
    }
    with open_library() as library:
        assert ApiKeys(library.catalog).find(told["key"]).user == "anna"


def test_what_cannot_be_done_is_told():
    footnote("add", "kiosk")
    with pytest.raises(ApiKeyError, match="a key 'kiosk' already"):
        footnote("add", "kiosk")
    with pytest.raises(UserError, match="no user 'bob'"):
        footnote("add", "x", "--user", "bob")
    with pytest.raises(ApiKeyError, match="1 to 100,000 questions a minute, not 0"):
        footnote("add", "x", "--a-minute", "0")
    with pytest.raises(ApiKeyError, match="no key 'x'"):
        footnote("remove", "x")


def test_while_the_chat_runs_keys_stay_as_they_are(open_library):
    footnote("add", "kiosk")
    with open_library() as library:
        library.lock("footnote chat")
        for arguments in (["add", "other"], ["remove", "kiosk"]):
            with pytest.raises(LibraryInUse, match="footnote chat"):
                footnote(*arguments)
        assert "kiosk" in footnote("list").output


@pytest.mark.parametrize("command", [[], ["add"], ["list"], ["remove"]])
def test_help_shows_an_example(command):
    assert "Example" in CliRunner().invoke(app, ["keys", *command, "--help"]).output
