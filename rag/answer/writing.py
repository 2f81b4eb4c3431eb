"""A model's words to checked sentences, as they come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rag.models import Embedder
from rag.retrieval.search import Evidence
from rag.text.phrases import is_refusal, strip_markers
from rag.text.sentences import sentence_spans
from rag.types import Sentence, SentenceChecked, TextWritten
from rag.verification.citations import check, claim
from rag.verification.together import check_together, pieces

_SAYING = ("according to", "based on", "as stated in", "in source", "in the source", "the source", "source")
_GROWING = re.compile(
    rf"(?:\b(?:{'|'.join(_SAYING)})\b[^,.!?]{{0,80}}"
    rf"|\b(?:{'|'.join(each[:n] for each in _SAYING for n in range(1, len(each)))})"
    r"|\[[^\]]{0,11})$",
    re.IGNORECASE,
)
"""The beginning of ``[1]`` or of "according to the sources", which are not shown."""
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


def stands(sentences: Sequence[Sentence], confidence: float, question: str) -> bool:
    """Tell whether an answer stands: a sentence of it is carried by the sources and does not decline.

    Where the evidence is weak, a sentence must be carried well; of a long question, the places that carry it
    together are as weak as each is.
    """
    least = WELL if confidence < WEAK and not pieces(question) else 0.0
    return any(
        each.support != "unsupported" and each.score >= least and not is_refusal(each.text)
        for each in sentences
    )


def _settled(text: str) -> int:
    """Return how much of a growing text can no longer turn out to be a marker."""
    growing = _GROWING.search(text)
    return len(text[: growing.start() if growing else len(text)].rstrip())


def _checked(sentence: str, evidence: Evidence, embedder: Embedder) -> SentenceChecked:
    question = evidence.question
    [seen] = embedder.embed_tokens([claim(sentence, question)])
    checked = check(sentence, seen, evidence.spans, evidence.tokens, question)
    if checked.support == "unsupported" and (split := pieces(question)):
        parts = embedder.embed_tokens(split)
        checked = check_together(checked, question, parts, evidence.spans, evidence.tokens)
    return SentenceChecked(checked)
