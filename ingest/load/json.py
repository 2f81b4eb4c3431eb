"""JSON and JSON Lines: a ``path.to.key: value`` line for each value, an empty line between records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ingest.limits import Limits
from ingest.load.decode import decode
from ingest.load.draft import Draft
from ingest.load.formats import extension
from rag.errors import BrokenDocument
from rag.types import Text


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def load(data: bytes, name: str, _: Limits) -> Text:
    """Return the values of a JSON file, each led by its path; a list at the top is a list of records."""
    text = decode(data, name)
    value = _lines(text, name) if extension(name) == ".jsonl" else _whole(text, name)
    draft = Draft()
    for record in value if isinstance(value, list) else [value]:
        draft.block("\n".join(_walk(record, "")))
    title = value.get("title") if isinstance(value, dict) else None
    return draft.finish(name, title if type(title) is str else None)


def _whole(text: str, name: str) -> Any:
    try:
        return _parsed(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # several values, one after another: JSON Lines under another name
            return _lines(text, name)
        why = f"{error.msg} in line {error.lineno}"
        raise BrokenDocument(
            f"{name}: it is not valid JSON ({why}); correct it or export it again"
        ) from error


def _parsed(text: str) -> Any:
    """Return a JSON value; its numbers as they are written, for some have more digits than Python takes."""
    return json.loads(text, parse_int=_Number, parse_float=_Number)


def _lines(text: str, name: str) -> list[Any]:
    records = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                records.append(_parsed(line))
            except json.JSONDecodeError as error:
                raise BrokenDocument(
                    f"{name}: line {number} is not valid JSON ({error.msg}); correct it or export it again"
                ) from error
    return records


def _walk(value: Any, path: str) -> Iterator[str]:
    """Yield a line for each scalar under `value`; a list of scalars is one line."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for number, item in enumerate(value):
            yield from _walk(item, f"{path}[{number}]")
    else:
        items = value if isinstance(value, list) else [value]
        words = ", ".join(_word(item) for item in items if item not in (None, ""))
        if words:
            yield f"{path}: {words}" if path else words


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
