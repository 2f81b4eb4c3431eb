"""Who may come in, changed while a Footnote runs on the library: it makes the change."""

from __future__ import annotations

import pytest
from fakes import put
from local_doors import door_of
from typer.testing import CliRunner

from rag.assistant import Assistant
from rag.errors import ApiKeyError, UserError
from rag.people.api_keys import ApiKeys
from rag.people.users import Users
from ui.cli import app

PASSWORD, OTHER = "correct horse battery", "another horse battery"


@pytest.fixture
def running(library, embedder, settings, monkeypatch):
    monkeypatch.setenv("FOOTNOTE_LIBRARY", str(settings.library))
    with Assistant(library, embedder, None, settings) as assistant, door_of(assistant) as opened:
        yield opened


def footnote(*arguments: str, typed: str = "") -> str:
    """Return what a command prints; one that fails with an error of ours raises it."""
    done = CliRunner().invoke(app, [*arguments], input=typed)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def test_a_key_is_made_and_removed(running) -> None:
    keys = ApiKeys(running.library.catalog)
    secret = footnote("keys", "add", "kiosk").strip()
    assert keys.find(secret).name == "kiosk"
    with pytest.raises(ApiKeyError, match="kiosk"):
        footnote("keys", "add", "kiosk")
    footnote("keys", "remove", "kiosk")
    assert keys.find(secret) is None


def test_a_user_is_made_gets_another_password_and_is_removed(running) -> None:
    users = Users(running.library.catalog)
    footnote("users", "add", "anna", "--stdin", typed=f"{PASSWORD}\n")
    assert users.verify("anna", PASSWORD)
    with pytest.raises(UserError, match="there is a user 'anna' already"):
        footnote("users", "add", "anna", "--stdin", typed=f"{PASSWORD}\n")
    footnote("users", "password", "anna", "--stdin", typed=f"{OTHER}\n")
    assert users.verify("anna", OTHER)
    uri = (running.library.path / "uploads/@anna/a.txt").as_uri()
    put(running.library, "annas", "The plane came.", running.intake._embedder, uri=uri)
    assert "1 document removed" in footnote("users", "remove", "anna", "--with-everything")
    assert (users.all(), running.library.documents()) == ([], [])
