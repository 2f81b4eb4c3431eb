"""Answers and the events of their making as JSON values, and back: one form for every door.

An event is an object with its ``type``: ``evidence``, ``text``, ``sentence`` or ``answer``, in that order; an
answer is what ``footnote ask --json`` prints. What is read back equals what was written, but for what JSON
leaves out: a passage's headings, cosine and BM25, and an answer's trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rag.errors import UsageError
from rag.types import (
    Answer,
    AnswerFinished,
    Citation,
    Conflict,
    Event,
    EvidenceFound,
    FoundPassage,
    Sentence,
    SentenceChecked,
    TextWritten,
)


def event_to_dict(event: Event) -> dict[str, Any]:
    """Return an event as JSON values."""
    match event:
        case EvidenceFound(quotes, passages, standalone):
            return {
                "type": "evidence",
                "standalone_question": standalone,
                "quotes": [asdict(quote) for quote in quotes],
                "passages": [passage.to_dict() for passage in passages],
            }
        case TextWritten(text):
            return {"type": "text", "text": text}
        case SentenceChecked(sentence):
            return {"type": "sentence", "sentence": sentence.to_dict()}
        case AnswerFinished(answer):
            return {"type": "answer", "answer": answer.to_dict()}


def event_from_dict(value: Mapping[str, Any]) -> Event:
    """Return the event that `event_to_dict` wrote.

    Raises:
        UsageError: it is not one.
    """
    try:
        match value["type"]:
            case "evidence":
                return EvidenceFound(
                    _citations(value["quotes"]), _passages(value["passages"]), value["standalone_question"]
                )
            case "text":
                return TextWritten(value["text"])
            case "sentence":
                return SentenceChecked(_sentence(value["sentence"]))
            case "answer":
                return AnswerFinished(answer_from_dict(value["answer"]))
    except (KeyError, TypeError) as error:
        raise UsageError(f"this is no event of an answer ({error!r}): is it from another version?") from error
    raise UsageError(f"'{value['type']}' is no event of an answer: is it from another version?")


def answer_from_dict(value: Mapping[str, Any]) -> Answer:
    """Return the answer that `Answer.to_dict` wrote; other names in it are passed over."""
    return Answer(
        question=value["question"],
        standalone_question=value["standalone_question"],
        quotes=_citations(value["quotes"]),
        text=value["answer"],
        sentences=tuple(map(_sentence, value["sentences"])),
        passages=_passages(value["passages"]),
        refused=value["refused"],
        confidence=value["confidence"],
        model=value["model"],
        timings=dict(value["timings"]),
        conflicts=tuple(
            Conflict(each["value"], Citation(**each["other"]), Citation(**each["against"]))
            for each in value["conflicts"]
        ),
    )


def _citations(values: list[dict[str, Any]]) -> tuple[Citation, ...]:
    return tuple(Citation(**each) for each in values)


def _passages(values: list[dict[str, Any]]) -> tuple[FoundPassage, ...]:
    return tuple(FoundPassage(**each) for each in values)


def _sentence(value: Mapping[str, Any]) -> Sentence:
    return Sentence(
        value["text"],
        _citations(value["citations"]),
        value["support"],
        value["score"],
        tuple(value["missing"]),
    )
