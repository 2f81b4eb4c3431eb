"""What the API takes and gives, as OpenAPI describes it; nothing else is taken."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from rag.assistant import MAX_QUESTION_CHARS
from rag.conversations import TITLE_CHARS, State
from rag.types import Status, Support, Turn
from ui.asked import MOST_DOCUMENTS
from ui.jobs import State as JobState

Identity = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARS)]
MOST_TURNS = 50
NOT_BOTH = "name documents or a collection, not both"


class Model(BaseModel):
    """A JSON object with these members and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Model):
    """What went wrong, and what to do."""

    detail: str = Field(examples=["no document 'x' in the library: it may have been removed"])


# -- what is taken -------------------------------------------------------------------------------------------


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
    collection: Identity | None = Field(None, description="id of a collection, instead of documents")

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


# -- what is given -------------------------------------------------------------------------------------------


class CitationBody(Model):
    """An exact span of a document: its text from `start` to `end`, in characters, is `quote`."""

    passage_id: str
    document_id: str
    uri: str
    title: str
    page: int | None
    start: int
    end: int
    quote: str


class PassageBody(Model):
    """A stretch of a document's text; `page` counts from 1 where there are pages."""

    id: str
    document_id: str
    uri: str
    title: str
    page: int | None
    start: int
    end: int
    text: str


class FoundPassageBody(PassageBody):
    """A passage that was found; `score` is 0..1 within one search."""

    score: float


class SentenceBody(Model):
    """A sentence of an answer, its sources, and whether they carry it; `missing` is what no source has."""

    text: str
    support: Support
    score: float
    missing: list[str]
    citations: list[CitationBody]


class ConflictBody(Model):
    """Two sources that disagree: `other` gives `value`, `against` is what the answer rests on."""

    value: str
    other: CitationBody
    against: CitationBody


class AnswerBody(Model):
    """An answer, as ``footnote ask --json`` prints it; `timings` are seconds since the question."""

    question: str
    standalone_question: str
    answer: str
    refused: bool
    confidence: float
    model: str
    quotes: list[CitationBody]
    sentences: list[SentenceBody]
    conflicts: list[ConflictBody]
    passages: list[FoundPassageBody]
    timings: dict[str, float | None]


class SearchBody(Model):
    """What a search found, best first."""

    passages: list[FoundPassageBody]


class DocumentBody(Model):
    """A document; a failed one says why in `error`, and keeps the passages of the version before."""

    id: str
    uri: str
    title: str
    media_type: str
    sha256: str
    n_chars: int
    n_pages: int | None
    n_passages: int
    added_at: str
    status: Status
    error: str | None


class DocumentsBody(Model):
    """A page of the documents that were asked for; `total` is how many there are on all `pages`."""

    documents: list[DocumentBody]
    total: int
    page: int
    pages: int


class JobBody(Model):
    """A file on its way into the library; `document_id` is set once it is there."""

    id: str
    path: str
    state: JobState
    size: int
    passages: int
    note: str = Field(description="why it failed, or what is to be known of it")
    document_id: str | None


class JobsBody(Model):
    """The files that were sent, oldest first."""

    jobs: list[JobBody]


class ConversationBody(Model):
    """A conversation without its turns, and what it searches."""

    id: str
    title: str
    collection: str
    documents: list[str]
    made_at: str
    changed_at: str
    turns: int


class ConversationsBody(Model):
    """Conversations, the latest first."""

    conversations: list[ConversationBody]


class TurnBody(Model):
    """A question of a conversation, what came of it, and what the asker thinks of that."""

    id: str
    question: str
    asked_at: str
    state: State
    error: str | None
    verdict: Literal["right", "wrong", "wrong_source", "should_have_refused"] | None
    note: str
    answer: AnswerBody | None


class WholeConversationBody(Model):
    """A conversation with its turns, oldest first."""

    conversation: ConversationBody
    turns: list[TurnBody]


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
