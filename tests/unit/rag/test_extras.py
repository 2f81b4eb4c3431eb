"""What an extra brings is asked for by name before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rag.errors import MissingExtra
from rag.extras import require


def test_what_is_there_is_not_asked_for() -> None:
    require("server", "the chat", "json", "email")


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(("no_such_package",), id="alone"),
        pytest.param(("json", "no_such_package", "nor_this"), id="first-that-is-missing"),
    ],
)
def test_what_is_missing_is_named_with_its_command(modules) -> None:
    with pytest.raises(MissingExtra) as told:
        require("server", "the chat", *modules)
    assert str(told.value) == (
        "the chat needs the Python package no_such_package: pip install 'footnote[server]'"
    )


def test_looking_imports_nothing() -> None:
    code = (
        "import sys; from rag.extras import require; require('x', 'y', 'wave'); print('wave' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
