"""What a library holds: documents, their texts, and the passages that they are cut into.

Offsets are Unicode characters into the text extracted from a document (`Library.text`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

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

    `score` is the fused score in 0..1 within one search; `cosine` is the dense similarity in -1..1, and
    `lexical` its BM25, None where no word of the question was found in it. `repeats` is the id of a better
    passage that says the same.
    """

    uri: str = ""
    title: str = ""
    score: float = 0.0
    cosine: float = 0.0
    lexical: float | None = None
    repeats: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the public values, ready for JSON."""
        names = ("id", "document_id", "uri", "title", "page", "start", "end", "text", "score")
        return {name: getattr(self, name) for name in names}


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

    @property
    def blank_pages(self) -> tuple[int, ...]:
        """The numbers, from 1, of the pages without a word."""
        ends = (*self.pages[1:], len(self.text))
        spans = zip(self.pages, ends, strict=True) if self.pages else ()
        return tuple(i for i, (start, end) in enumerate(spans, 1) if not self.text[start:end].strip())
