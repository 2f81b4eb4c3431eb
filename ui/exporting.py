"""Conversations as Markdown and JSON, and verdicts as questions for ``footnote eval`` (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote

from rag.people.conversation import Conversation, StoredTurn
from rag.text.hidden import shown
from rag.text.wording import one_line
from rag.types import Answer
from ui.plain import plain_text

_UNSAFE = re.compile(r"[^\w .-]+")


def to_markdown(conversation: Conversation, turns: Sequence[StoredTurn]) -> str:
    """Return a conversation as Markdown: each question with its answer and sources."""
    parts = [f"# {shown(one_line(conversation.title))}", *(_turn(turn) for turn in turns)]
    return "\n\n".join(parts) + "\n"


def to_json(conversation: Conversation, turns: Sequence[StoredTurn]) -> dict[str, Any]:
    """Return a conversation as JSON types; each answer as ``footnote ask --json`` prints it."""
    return {
        "id": conversation.id,
        "title": conversation.title,
        "made_at": conversation.made_at,
        "turns": [
            {
                "question": turn.question,
                "asked_at": turn.asked_at,
                "state": turn.state,
                "error": turn.error,
                "verdict": turn.verdict,
                "note": turn.note,
                "answer": turn.answer.to_dict() if turn.answer is not None else None,
            }
            for turn in turns
        ],
    }


def to_questions(turns: Iterable[StoredTurn]) -> str:
    """Return the turns with verdicts as JSON lines, a question each, as ``footnote eval`` reads them.

    A right answer names the documents that it cites. The note is the accepted answer of a wrong one, and what
    should have been refused cannot be answered. The next turn of the asker's hand is to look them over.
    """
    return "".join(json.dumps(_question(turn), ensure_ascii=False) + "\n" for turn in turns)


def file_name(title: str, suffix: str) -> str:
    """Return a name for the file of a conversation."""
    return f"{_UNSAFE.sub('', shown(title)).strip(' .')[:80] or 'conversation'}{suffix}"


def _turn(turn: StoredTurn) -> str:
    if turn.answer is not None:
        return plain_text(turn.answer)
    return f"**{shown(one_line(turn.question))}**\n\n*{turn.error or 'Stopped before there was an answer.'}*"


def _question(turn: StoredTurn) -> dict[str, Any]:
    asked = turn.answer.standalone_question if turn.answer is not None else turn.question
    question: dict[str, Any] = {"question": asked}
    if turn.verdict == "should_have_refused":
        return question | {"answerable": False}
    if turn.verdict == "wrong" and turn.note:
        question["answers"] = [turn.note]
    if turn.verdict == "right" and turn.answer is not None:
        if turn.answer.refused:
            return question | {"answerable": False}
        question["document"] = _cited(turn.answer)
    return question


def _cited(answer: Answer) -> list[str]:
    """Return the names of the files that an answer cites, in reading order."""
    names = (unquote(source.uri).rpartition("/")[2] for source in answer.sources)
    return list(dict.fromkeys(names))
