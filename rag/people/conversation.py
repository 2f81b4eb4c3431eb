"""A conversation and its turns, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from rag.text.wording import shortened
from rag.types import Answer, Turn

State = Literal["asked", "answered", "stopped", "failed"]
"""``asked`` is one that is being answered, or whose answer was cut off by the end of the process."""

Verdict = Literal["right", "wrong", "wrong_source", "should_have_refused"]

TITLE_CHARS = 120
UNTITLED = "New conversation"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a conversation searches: a collection, or documents, by their ids; all where both are empty."""

    collection: str = ""
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its turns; times are UTC in ISO 8601."""

    id: str
    title: str
    scope: Scope
    made_at: str
    changed_at: str
    n_turns: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, ready for JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "collection": self.scope.collection,
            "documents": list(self.scope.documents),
            "made_at": self.made_at,
            "changed_at": self.changed_at,
            "turns": self.n_turns,
        }


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A question of a conversation, what came of it, and what the asker thinks of that."""

    id: str
    question: str
    state: State
    answer: Answer | None
    error: str | None
    asked_at: str
    verdict: Verdict | None = None
    note: str = ""

    @property
    def said(self) -> Turn:
        """The turn as the engine takes it; a refusal, or what was not answered, said nothing."""
        given = self.answer if self.state == "answered" else None
        return Turn(self.question, given.text if given is not None and not given.refused else "")


def clipped(title: str) -> str:
    """Return a title on one line, and no longer than a list can show."""
    return shortened(title, TITLE_CHARS)
