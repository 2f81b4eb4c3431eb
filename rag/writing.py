"""A model's words to checked sentences, as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rag.citations import check, claim, is_refusal, strip_markers
from rag.models import Embedder
from rag.search import Evidence
from rag.sentences import sentence_spans
from rag.types import Sentence, SentenceChecked, TextWritten

WEAK = 0.5
"""Confidence below which evidence counts as weak."""
WELL = 0.65
"""Score of a sentence that stands on weak evidence."""


def write(
    pieces: Iterable[str], evidence: Evidence, embedder: Embedder
) -> Iterator[TextWritten | SentenceChecked]:
    """Pass the pieces on, and each sentence with its citations as soon as the next one begins."""
    raw, shown, checked = "", 0, 0
    for piece in pieces:
        raw += piece
        text = strip_markers(raw)
        settled = _settled(text)
        if settled > shown:
            yield TextWritten(text[shown:settled])
            shown = settled
        at = checked
        for start, end in sentence_spans(text[at:settled])[:-1]:
            yield _checked(text[at + start : at + end], evidence, embedder)
            checked = at + end
    text = strip_markers(raw).rstrip()
    if len(text) > shown:
        yield TextWritten(text[shown:])
    for start, end in sentence_spans(text[checked:]):
        yield _checked(text[checked + start : checked + end], evidence, embedder)


def stands(sentences: Sequence[Sentence], confidence: float) -> bool:
    """Tell whether an answer stands: a sentence of it is carried by the sources and does not decline.

    Where the evidence is weak, a sentence must be carried well.
    """
    least = WELL if confidence < WEAK else 0.0
    return any(
        each.support != "unsupported" and each.score >= least and not is_refusal(each.text)
        for each in sentences
    )


def _settled(text: str) -> int:
    """Return how much of a growing text can no longer turn out to be a marker such as ``[1]``."""
    bracket = text.rfind("[")
    open_marker = bracket >= 0 and "]" not in text[bracket:] and len(text) - bracket < 12
    end = bracket if open_marker else len(text)
    return len(text[:end].rstrip())


def _checked(sentence: str, evidence: Evidence, embedder: Embedder) -> SentenceChecked:
    [vector] = embedder.embed([claim(sentence, evidence.question)])
    return SentenceChecked(check(sentence, vector, evidence.spans, evidence.vectors, evidence.question))
