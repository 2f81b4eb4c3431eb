"""Answers as they are kept: all that a page shows of one, without how it came about."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from rag.types import Answer

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@cache
def _adapter() -> TypeAdapter[Answer]:
    from pydantic import TypeAdapter

    return TypeAdapter(Answer)


def dump_answer(answer: Answer) -> str:
    """Return an answer as JSON; its trace is left out."""
    return _adapter().dump_json(replace(answer, trace=None)).decode()


def load_answer(stored: str) -> Answer:
    """Return the answer that `dump_answer` wrote."""
    return _adapter().validate_json(stored)
