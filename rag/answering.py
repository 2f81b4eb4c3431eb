"""Evidence to an answer: the model writes, code checks every sentence, and the whole is judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rag.answer.conflicts import conflict_sentence, conflicts
from rag.answer.prompt import doubt, messages, select
from rag.answer.writer import Messages, Writer
from rag.answer.writing import stands, write
from rag.errors import ModelError
from rag.models import Embedder
from rag.retrieval.confidence import WRITTEN_BELOW, signals, written_confidence
from rag.retrieval.search import Evidence
from rag.types import Answer, Conflict, Sentence, SentenceChecked, TextWritten, Trace, Turn
from rag.verification.together import pieces

REFUSAL = "The documents do not answer this question."
UNSUPPORTED = "The model found no answer that the documents support."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question; without anything written, a refusal.

    `sentences` are all that were written; a refused answer shows none of them.
    """

    found: Evidence
    sentences: tuple[Sentence, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    refused: bool = True
    confidence: float | None = None
    prompt: Messages = ()
    written: str = ""
    signals: Mapping[str, float] = field(default_factory=dict)

    def answer(self, question: str, model: str, timings: Mapping[str, float | None]) -> Answer:
        """Return the answer to the question as it was asked."""
        confidence = self.found.confidence if self.confidence is None else self.confidence
        return Answer(
            question=question,
            standalone_question=self.found.question,
            quotes=self.found.quotes,
            text=self._text(),
            sentences=() if self.refused else self.sentences,
            passages=self.found.passages,
            refused=self.refused,
            confidence=round(confidence, 4),
            model=model,
            timings=timings,
            conflicts=() if self.refused else self.conflicts,
            trace=Trace(
                question=self.found.question,
                query=self.found.follow_up.query,
                query_weight=self.found.follow_up.weight,
                candidates=self.found.candidates,
                prompt=tuple(self.prompt),
                written=self.written,
                sentences=self.sentences,
                signals=self.signals,
            ),
        )

    def told(self) -> dict[str, Any]:
        """Return what callbacks are told when the answer is written and judged."""
        return {
            "written": self.written,
            "sentences": [asdict(sentence) for sentence in self.sentences],
            "conflicts": [asdict(conflict) for conflict in self.conflicts],
            "signals": dict(self.signals),
            "refused": self.refused,
            "confidence": self.confidence,
        }

    def _text(self) -> str:
        if self.refused:
            return UNSUPPORTED if self.found.enough else REFUSAL
        return " ".join(sentence.text for sentence in self.sentences)


def quoted(found: Evidence) -> Outcome:
    """Return the key quotes as the answer, for want of a model; without any, a refusal."""
    sentences = tuple(Sentence(quote.quote, (quote,), "supported", 1.0) for quote in found.quotes)
    return Outcome(found, sentences, refused=not sentences)


def answer(
    found: Evidence, writer: Writer, embedder: Embedder, history: Sequence[Turn]
) -> Iterator[TextWritten | SentenceChecked | Outcome]:
    """Yield the answer as it is written and checked, last the outcome.

    Raises:
        ModelError: the model does not answer.
    """
    enough = None if pieces(found.question) else writer.enough_evidence  # parts need places of their own
    chosen = select(found.ranked, writer.evidence_tokens, enough)
    prompt = messages(found.question, chosen, history)
    sentences: list[Sentence] = []
    written = ""
    for event in write(writer.stream(prompt), found, embedder):
        if isinstance(event, SentenceChecked):
            sentences.append(event.sentence)
        else:
            written += event.text
        yield event
    logprobs = list(writer.logprobs)
    stood = stands(sentences, found.confidence, found.question)
    certain = _certain(writer, prompt, written) if stood else None
    answers = None if pieces(found.question) else found.answerable
    seen = signals(found.ranked, found.asked, sentences, logprobs, certain, answers)
    sure = written_confidence(seen)
    refused = not stood or sure < WRITTEN_BELOW
    disagreeing: tuple[Conflict, ...] = ()
    if not refused:
        disagreeing = _disagreeing(sentences, found, writer)
        for each in disagreeing:
            told = conflict_sentence(each)
            sentences.append(told)
            yield TextWritten(f" {told.text}")
            yield SentenceChecked(told)
    yield Outcome(found, tuple(sentences), disagreeing, refused, sure, prompt, written, seen)


def _certain(writer: Writer, prompt: Messages, written: str) -> float | None:
    """Return the model's own yes to its answer; an answer that stands does not fall with this call."""
    try:
        return writer.chance_of_yes(doubt(prompt, written))
    except ModelError:
        return None


def _disagreeing(sentences: Sequence[Sentence], found: Evidence, writer: Writer) -> tuple[Conflict, ...]:
    try:
        return tuple(conflicts(sentences, found.ranked, found.asked, writer.say))
    except ModelError:
        return ()
