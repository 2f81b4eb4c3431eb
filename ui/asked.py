"""What the page sends with a question: which conversation it belongs to, and what it searches."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from rag.errors import UsageError
from rag.people.conversation import Scope

MOST_DOCUMENTS = 1000

Identity = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Asked(BaseModel):
    """The context of a question; `replaces` is the turn in whose place it is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation: Identity
    replaces: Identity | None = None
    collection: Annotated[str, StringConstraints(max_length=64)] = ""
    documents: tuple[Annotated[str, StringConstraints(max_length=64)], ...] = Field(
        (), max_length=MOST_DOCUMENTS
    )

    @property
    def scope(self) -> Scope:
        """What is searched."""
        return Scope(self.collection, self.documents)


def parse_context(sent: str) -> Asked:
    """Return what the page sent.

    Raises:
        UsageError: it is nothing that our page sends.
    """
    try:
        return Asked.model_validate_json(sent)
    except ValidationError as error:
        raise UsageError("the page is out of date: load it again") from error
