"""The reference lists the methods of a class in an order of its own, and all of them."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path

import pytest

import rag

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "python.md"


def methods_of(kind: type) -> set[str]:
    """Return the public methods and properties of a class and of those of ours that it stands on."""
    ours = [each for each in kind.__mro__ if each.__module__.startswith("rag.")]
    bodies = [ast.parse(textwrap.dedent(inspect.getsource(each))).body[0].body for each in ours]
    functions = (
        each for body in bodies for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return {each.name for each in functions if not each.name.startswith("_")}


@pytest.mark.parametrize("name", ["Assistant", "Library"])
def test_every_method_is_in_the_reference(name: str) -> None:
    listed = re.search(
        rf"::: rag\.{name}\n    options:\n.*\n      members: \[(.*)\]", PAGE.read_text("utf-8")
    )
    assert listed is not None
    members = listed[1].split(", ")
    assert sorted(members) == sorted(methods_of(getattr(rag, name)))
