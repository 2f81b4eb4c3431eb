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


def sources_of(stored: str) -> set[str]:
    """Return the ids of the documents whose words a kept answer holds."""
    answer = load_answer(stored)
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    disputed = [citation for conflict in answer.conflicts for citation in conflict.citations]
    found = {passage.document_id for passage in answer.passages}
    return found | {citation.document_id for citation in (*answer.quotes, *cited, *disputed)}
