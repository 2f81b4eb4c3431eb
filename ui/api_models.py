"""What the API takes, as OpenAPI describes it; nothing else is taken."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from rag.people.collections import LONGEST
from rag.people.conversation import TITLE_CHARS
from rag.question import MAX_QUESTION_CHARS
from rag.types import Turn
from ui.asked import MOST_DOCUMENTS

Identity = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARS)]
MOST_TURNS = 50
Named = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]
COLLECTION = "name or id of a collection"
NOT_BOTH = "name documents or a collection, not both"


class Model(BaseModel):
    """A JSON object with these members and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Model):
    """What went wrong, and what to do."""

    detail: str = Field(examples=["no document 'x' in the library: it may have been removed"])


class SaidBefore(Model):
    """An earlier question and its answer."""

    question: Words
    answer: Annotated[str, StringConstraints(max_length=20_000)] = ""

    @property
    def turn(self) -> Turn:
        """The same as the engine takes it."""
        return Turn(self.question, self.answer)


class Searched(Model):
    """What is searched: a collection, or some documents; everything where neither is named."""

    documents: tuple[Identity, ...] = Field((), max_length=MOST_DOCUMENTS, description="ids of documents")
    collection: Named | None = Field(None, description=f"{COLLECTION}, instead of documents")

    @model_validator(mode="after")
    def _one_of_both(self) -> Searched:
        if self.documents and self.collection:
            raise ValueError(NOT_BOTH)
        return self


class Ask(Searched):
    """A question; `history` are the turns that it may follow up on, oldest first."""

    question: Words = Field(examples=["When did flights resume?"])
    history: tuple[SaidBefore, ...] = Field((), max_length=MOST_TURNS)
    stream: bool = Field(False, description="answer by server-sent events, as 'Accept: text/event-stream'")


class AskWithin(Model):
    """The next question of a conversation."""

    question: Words = Field(examples=["And who said so?"])
    stream: bool = False


class Begin(Searched):
    """A new conversation; without a title it gets that of its first question."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=TITLE_CHARS)] = ""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of errors."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {status: {"description": _PROBLEMS[status], "content": content} for status in statuses}


_PROBLEMS = {
    400: "The body is no JSON",
    401: "No API key, or a wrong one",
    403: "The key stands for nobody and changes nothing, or another site's page calls",
    404: "There is no such thing, or it is another user's",
    409: "The conversation is still being answered",
    413: "The body or the file is too large",
    415: "Not a format that Footnote reads",
    422: "A value will not do",
    429: "Too many questions, or too many wrong keys: wait as long as Retry-After says",
    500: "Something went wrong inside Footnote",
    503: "Too busy, or the model does not answer: try again later",
}
