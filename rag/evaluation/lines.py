"""JSON lines, checked: every error names the file and the line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.errors import EvaluationError


class Line:
    """One JSON object of a file; its getters raise `EvaluationError` where a field is not what it must be."""

    def __init__(self, path: Path, number: int, values: dict[str, Any]) -> None:
        """Wrap the object that stands on line `number`, counted from 1."""
        self._path = path
        self._values = values
        self.number = number

    def error(self, problem: str) -> EvaluationError:
        """Return the error that says what is wrong on this line."""
        return EvaluationError(f"{self._path}, line {self.number}: {problem}; correct the line")

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string; numbers count, since ids are often written so."""
        value = self._values.get(name, default)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise self.error(f'"{name}" must be a string')
        return value

    def filled(self, name: str) -> str:
        """Return a string that holds more than white space."""
        value = self.text(name)
        if not value.strip():
            raise self.error(f'"{name}" is empty')
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings; one string counts as a list of one, and a missing one is empty."""
        value = self._values.get(name)
        if isinstance(value, str):
            return (value,)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.error(f'"{name}" must be a list of strings')
        return tuple(value)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            raise self.error(f'"{name}" must be true or false')
        return value

    def turns(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return a list of objects with ``role`` and ``text`` as pairs."""
        value = self._values.get(name, [])
        try:
            turns = tuple((turn["role"], turn["text"]) for turn in value)
        except (TypeError, KeyError):
            turns = ((None, None),)
        if not all(isinstance(role, str) and isinstance(text, str) for role, text in turns):
            raise self.error(f'"{name}" must be a list of objects with "role" and "text"')
        return turns


def read_lines(path: Path) -> list[Line]:
    """Return the objects of a file of JSON lines; empty lines are passed over.

    Raises:
        EvaluationError: the file cannot be read, or a line is no JSON object.
    """
    lines = list(_parsed(path))
    if not lines:
        raise EvaluationError(f"{path}: there is nothing in it; write one JSON object a line")
    return lines


def _parsed(path: Path) -> Iterator[Line]:
    try:
        raw = path.read_text("utf-8-sig")
    except OSError as error:
        raise EvaluationError(f"{path}: it cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path}: it is not UTF-8; save it in that encoding") from error
    for number, line in enumerate(raw.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            why = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
            raise EvaluationError(f"{path}, line {number}: no JSON ({why}); correct the line") from error
        if not isinstance(values, dict):
            raise EvaluationError(f"{path}, line {number}: no JSON object; write {{…}} on each line")
        yield Line(path, number, values)
