"""A question to the evidence for it: passages, their sentences ranked, key quotes, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.confidence import REFUSE_BELOW, confidence
from rag.evidence import RankedSpan, Span, idf, key_quotes, rank, spans_of
from rag.library import Library
from rag.models import Embedder
from rag.retrieve import retrieve
from rag.types import Citation, FoundPassage
from rag.vectors import Matrix
from rag.words import terms


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a question found.

    `spans` are the sentences of `passages`, with `vectors` of shape (n, dimensions); `ranked` are the same,
    best first. `confidence` is the probability that the answer is among them.
    """

    question: str
    passages: tuple[FoundPassage, ...]
    spans: Sequence[Span]
    vectors: Matrix
    ranked: Sequence[RankedSpan]
    confidence: float

    @property
    def enough(self) -> bool:
        """Whether the evidence is worth an answer."""
        return self.confidence >= REFUSE_BELOW

    @property
    def quotes(self) -> tuple[Citation, ...]:
        """The key quotes; none when the evidence is not enough."""
        return tuple(span.citation() for span in key_quotes(self.ranked)) if self.enough else ()


def search(library: Library, embedder: Embedder, question: str, k: int) -> Evidence:
    """Return the evidence for a question in the `k` best passages."""
    [vector] = embedder.embed([question])
    passages = retrieve(library, question, vector, k)
    spans = spans_of(passages, library.catalog.pages(passage.document_id for passage in passages))
    vectors = embedder.embed([span.text for span in spans]) if spans else np.empty((0, 0), np.float32)
    weights = idf(question, library.catalog.document_frequency(terms(question)), len(library))
    ranked = rank(spans, vector, vectors, weights)
    return Evidence(question, tuple(passages), spans, vectors, ranked, confidence(ranked, weights))
