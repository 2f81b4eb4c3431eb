"""The values that every part of Footnote passes on.

Offsets are Unicode characters into the text extracted from a document (`Library.text`), so that
``text[start:end]`` is always the passage or the quote itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rag.documents import Document, FoundPassage, Heading, Passage, Status, Text

__all__ = [
    "Answer",
    "AnswerFinished",
    "Candidate",
    "Citation",
    "Conflict",
    "Document",
    "Event",
    "EvidenceFound",
    "FoundPassage",
    "Heading",
    "Passage",
    "Sentence",
    "SentenceChecked",
    "Status",
    "Support",
    "Text",
    "TextWritten",
    "Trace",
    "Turn",
]

Support = Literal["supported", "partly", "unsupported"]


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
    """One sentence of an answer, the spans that it rests on, and whether they carry it.

    `score`, 0..1, is how well the best spans carry it; `missing` are its numbers, months and names that no
    source has.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    support: Support = "unsupported"
    score: float = 0.0
    missing: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the values, ready for JSON."""
        return {
            "text": self.text,
            "support": self.support,
            "score": self.score,
            "missing": list(self.missing),
            "citations": [asdict(citation) for citation in self.citations],
        }


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources that disagree: `other` gives `value`, `against` is what the answer rests on."""

    value: str
    other: Citation
    against: Citation

    @property
    def citations(self) -> tuple[Citation, Citation]:
        """Both sources, that of the answer first."""
        return self.against, self.other


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that was found: its BM25 and cosine, fused, and the score after its sentences counted.

    `lexical` is None where no word of the question was found in it. `dropped` says why the answer does not
    rest on it; None for those that it could.
    """

    passage_id: str
    title: str
    page: int | None
    start: int
    lexical: float | None
    cosine: float
    fused: float
    score: float
    dropped: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The stages of one question: what ``footnote ask --explain`` prints.

    `query` is what was searched beside the question, with `query_weight` against 1. `written` is the model's
    text as it came, and `sentences` all of it with score and verdict, those of a refused answer too.
    `signals` are what the confidence was computed from, by name.
    """

    question: str
    query: str
    query_weight: float
    candidates: tuple[Candidate, ...]
    prompt: tuple[tuple[str, str], ...] = ()
    written: str = ""
    sentences: tuple[Sentence, ...] = ()
    signals: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the trace as JSON types."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gets: key quotes in the sources' own words, and sentences tied to their sources.

    `confidence` is the calibrated probability, in 0..1, that the answer is right and supported; of a refusal,
    that an answer would have been. `conflicts` are sources that disagree with those of the answer. `timings`
    are seconds since the question: ``retrieve_s``, ``first_token_s`` (None when no model wrote) and
    ``total_s``. `trace` tells how the answer came about.
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
    conflicts: tuple[Conflict, ...] = ()
    trace: Trace | None = field(default=None, compare=False, repr=False)

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
            "sentences": [sentence.to_dict() for sentence in self.sentences],
            "conflicts": [asdict(conflict) for conflict in self.conflicts],
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
    """First event of a stream: key quotes and passages, before the model has read anything.

    `seconds` are what each stage took, by its name; not in JSON.
    """

    quotes: tuple[Citation, ...]
    passages: tuple[FoundPassage, ...]
    standalone_question: str
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)


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
