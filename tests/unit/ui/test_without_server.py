"""Without the extra ``server`` everything works that is no server; the rest says what to install."""

from __future__ import annotations

import json

import pytest
from fakes import AngleEmbedder, put
from without import SERVER, footnote_without

from rag.library import Library


@pytest.fixture
def full(tmp_path):
    """A library of one document whose file is there; it is the one of the settings."""
    file = tmp_path / "zebras.txt"
    file.write_text("A zebra ran.\nThe moon rose.")
    with Library.open(tmp_path / "library", create=True) as library:
        put(library, "zebras", file.read_text(), AngleEmbedder(), uri=file.as_uri())
        library.open_index()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["list"], "zebras", id="list"),
        pytest.param(["show", "zebras"], "zebras", id="show"),
        pytest.param(["show", "zebras", "--text"], "A zebra ran.", id="show-text"),
        pytest.param(["check"], "all is well", id="check"),
        pytest.param(["backup", "copy"], "copy", id="backup"),
        pytest.param(["remove", "zebras"], "removed Zebras", id="remove"),
    ],
)
def test_commands_on_a_library_work(full, monkeypatch, words, said) -> None:
    monkeypatch.chdir(full)
    done = footnote_without(SERVER, *words)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    "words", [[], ["chat"], ["users"], ["users", "add"], ["ask"], ["add"]], ids=lambda words: "-".join(words)
)
def test_help_needs_nothing(words) -> None:
    done = footnote_without(SERVER, *words, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


@pytest.mark.parametrize(
    ("words", "purpose", "package"),
    [
        pytest.param(["chat", "--port", "0"], "the chat", "gradio", id="chat"),
        pytest.param(["users", "list"], "keeping passwords", "argon2", id="users"),
    ],
)
def test_what_serves_says_what_to_install(full, words, purpose, package) -> None:
    done = footnote_without(SERVER, *words)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"footnote: {purpose} needs the Python package {package}: pip install 'footnote[server]'\n"
    )


def test_a_package_that_is_there_is_found(full) -> None:
    done = footnote_without((), "users", "list", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
