"""The values that every part of Footnote passes on.

Offsets are Unicode characters into the text extracted from a document (`Library.text`), so that
``text[start:end]`` is always the passage or the quote itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Support = Literal["supported", "partly", "unsupported"]
Status = Literal["ready", "failed"]


@dataclass(frozen=True, slots=True)
class Document:
    """One file in the library; `status` is ``failed`` (with `error`) when its newest version was not read.

    A failed document keeps the passages of the last version that was read, if there was one.
    """

    id: str
    uri: str
    title: str
    media_type: str
    sha256: str
    n_chars: int
    n_pages: int | None
    n_passages: int
    added_at: str
    status: Status = "ready"
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document's text, the unit of retrieval; `page` counts from 1 where pages exist."""

    id: str
    document_id: str
    text: str
    start: int
    end: int
    page: int | None = None
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundPassage(Passage):
    """A passage that a question found.

    `score` is the fused score in 0..1 within one search; `cosine` is the dense similarity in -1..1.
    """

    uri: str = ""
    title: str = ""
    score: float = 0.0
    cosine: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the public values, ready for JSON."""
        names = ("id", "document_id", "uri", "title", "page", "start", "end", "text", "score")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Citation:
    """An exact span of a document: ``quote == text[start:end]``."""

    passage_id: str
    document_id: str
    uri: str
    title: str
    page: int | None
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, the spans that it rests on, and whether they carry it."""

    text: str
    citations: tuple[Citation, ...] = ()
    support: Support = "unsupported"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets: key quotes in the sources' own words, and sentences tied to their sources.

    `confidence` is the probability, in 0..1, that the documents hold the answer. `timings` are seconds
    since the question: ``retrieve_s``, ``first_token_s`` (None when no model wrote) and ``total_s``.
    """

    question: str
    standalone_question: str
    quotes: tuple[Citation, ...]
    text: str
    sentences: tuple[Sentence, ...]
    passages: tuple[FoundPassage, ...]
    refused: bool
    confidence: float
    model: str
    timings: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[Citation, ...]:
        """The distinct citations in reading order; a citation's number is its place here, from 1."""
        cited = (citation for sentence in self.sentences for citation in sentence.citations)
        return tuple(dict.fromkeys((*cited, *self.quotes)))

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as ``footnote ask --json`` prints it."""
        return {
            "question": self.question,
            "standalone_question": self.standalone_question,
            "answer": self.text,
            "refused": self.refused,
            "confidence": self.confidence,
            "model": self.model,
            "quotes": [asdict(quote) for quote in self.quotes],
            "sentences": [
                {
                    "text": sentence.text,
                    "support": sentence.support,
                    "citations": [asdict(citation) for citation in sentence.citations],
                }
                for sentence in self.sentences
            ],
            "passages": [passage.to_dict() for passage in self.passages],
            "timings": dict(self.timings),
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of a conversation and its answer's text; a history holds them oldest first."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """First event of a stream: key quotes and passages, before the model has read anything."""

    quotes: tuple[Citation, ...]
    passages: tuple[FoundPassage, ...]
    standalone_question: str


@dataclass(frozen=True, slots=True)
class TextWritten:
    """A piece of the written answer, as the model writes it."""

    text: str


@dataclass(frozen=True, slots=True)
class SentenceChecked:
    """A finished sentence with its citations and verdict."""

    sentence: Sentence


@dataclass(frozen=True, slots=True)
class AnswerFinished:
    """Last event of a stream: the whole answer."""

    answer: Answer


Event = EvidenceFound | TextWritten | SentenceChecked | AnswerFinished


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a document: where it starts, its level from 1, and its words."""

    start: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Text:
    """What a loader makes of a file: its text, with the places where pages and headings begin.

    `pages` holds the offset at which each page starts, in order; empty where a format has no pages.
    """

    text: str
    media_type: str
    title: str | None = None
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
