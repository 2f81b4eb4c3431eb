"""What the API gives, as OpenAPI describes it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rag.people.conversation import State
from rag.people.uploads import State as JobState
from rag.types import Status, Support
from ui.api_models import Model


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


class CollectionBody(Model):
    """A named choice of documents."""

    id: str
    name: str
    made_at: str
    n_documents: int


class CollectionsBody(Model):
    """Collections, in the order of their names."""

    collections: list[CollectionBody]


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
