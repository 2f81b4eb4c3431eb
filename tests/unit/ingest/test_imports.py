"""What `ingest` may know of the engine."""

from __future__ import annotations

import ast
from pathlib import Path

import ingest

ALLOWED = {
    "errors",
    "extras",
    "library",
    "llm.local_llm",
    "models",
    "settings",
    "settings_layers",
    "text.folding",
    "text.naming",
    "text.sentences",
    "text.wording",
    "types",
    "vectors",
}


def test_ingest_stands_only_on_these_modules_of_the_engine() -> None:
    found = set()
    for path in Path(ingest.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "rag":
                found |= {f"rag.{each.name}" for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
            elif isinstance(node, ast.Import):
                found |= {each.name for each in node.names}
    assert {name.removeprefix("rag.") for name in found if name.split(".")[0] == "rag"} == ALLOWED
