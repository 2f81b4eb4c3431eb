"""The events of an answer, as OpenAPI describes them: what `rag.wire` writes, and an error in its place."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from ui.api_bodies import AnswerBody, CitationBody, FoundPassageBody, SentenceBody
from ui.api_models import Model, Problem


class EvidenceEvent(Model):
    """First: key quotes and passages, before any model has read anything."""

    type: Literal["evidence"]
    standalone_question: str
    quotes: list[CitationBody]
    passages: list[FoundPassageBody]


class TextEvent(Model):
    """A piece of the written answer."""

    type: Literal["text"]
    text: str


class SentenceEvent(Model):
    """A finished sentence with its sources and verdict."""

    type: Literal["sentence"]
    sentence: SentenceBody


class AnswerEvent(Model):
    """Last: the whole answer."""

    type: Literal["answer"]
    answer: AnswerBody


class ErrorEvent(Model):
    """Last, in place of the answer: what went wrong, and what to do."""

    type: Literal["error"]
    detail: str


AnyEvent = Annotated[
    EvidenceEvent | TextEvent | SentenceEvent | AnswerEvent | ErrorEvent, Field(discriminator="type")
]

_IN_COMPONENTS = "#/components/schemas/{model}"
_NAME = "Event"

EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer, or server-sent events of how it is made: the schema is that of each",
        "content": {
            "text/event-stream": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "event": {"enum": ["evidence", "text", "sentence", "answer", "error"]},
                        "data": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "contentSchema": {"$ref": _IN_COMPONENTS.format(model=_NAME)},
                        },
                    },
                    "required": ["event", "data"],
                }
            }
        },
    }
}
"""The response of a route that answers as a whole, or in events."""


def schemas() -> dict[str, Any]:
    """Return the JSON schemas, by name, that `EVENTS` and `problems` point to."""
    schema = TypeAdapter(AnyEvent).json_schema(ref_template=_IN_COMPONENTS)
    return {**schema.pop("$defs"), _NAME: schema, Problem.__name__: Problem.model_json_schema()}
