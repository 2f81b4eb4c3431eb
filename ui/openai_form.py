"""Questions and answers in the form of OpenAI's chat completions (pure).

Documents are asked, not a model: the last message is the question, and the earlier ones are what it may
follow up on. System messages are passed over, and so are the parameters of a model's sampling; what would
change the meaning of the reply is refused. Tokens are not counted, and the usage says so in zeros.

The text is that of `rag.answer.marks`, and each mark of a source is an annotation. Offsets count Unicode
characters: ``text[start_index:end_index]`` is the mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from rag.answer.marks import Mark, Marked, unmarked
from rag.errors import UsageError
from rag.retrieval.followup import exchanges
from rag.text.hidden import shown
from rag.types import Answer, Citation, Turn
from ui.openai_request import Message, Request

MODEL = "footnote"
"""Asks all documents; with a colon and the name of a collection, those that are in it."""

USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "counted": False}

_ROLES = {"user": "user", "assistant": "agent"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the turns before it, oldest first."""

    question: str
    history: tuple[Turn, ...]


def asked_of(request: Request) -> Asked:
    """Return what a request asks.

    Raises:
        UsageError: no question of a user stands last, or it has parts that are no text.
    """
    said = [message for message in request.messages if message.role in _ROLES]
    if not said or said[-1].role != "user":
        raise UsageError(
            "the last message must be the user's: it is the question that the documents are asked"
        )
    question = said.pop()
    if other := [part.type for part in question.parts if part.text is None]:
        raise UsageError(
            f"a question is text, and this one has a part of type '{other[0][:40]}': ask in words"
        )
    return Asked(question.text, tuple(exchanges((_ROLES[each.role], _said(each)) for each in said)))


def _said(message: Message) -> str:
    return unmarked(message.text) if message.role == "assistant" else message.text


@dataclass(frozen=True, slots=True)
class Form:
    """What all parts of one reply have in common.

    `created` is in seconds since 1970, and `base_url` the server's address, with a slash at its end.
    """

    id: str
    created: int
    model: str
    base_url: str

    def completion(self, answer: Answer) -> dict[str, Any]:
        """Return the whole reply."""
        marked = Marked.of(answer)
        message = {
            "role": "assistant",
            "content": marked.text,
            "refusal": None,
            "annotations": self.annotations(marked.marks),
        }
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return self._object("chat.completion", [choice], usage=USAGE, footnote=answer.to_dict())

    def chunk(self, delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
        """Return a part of a reply that is streamed."""
        choice = {"index": 0, "delta": dict(delta), "finish_reason": finish, "logprobs": None}
        return self._object("chat.completion.chunk", [choice], **more)

    def usage(self) -> dict[str, Any]:
        """Return the part of a stream that tells the tokens."""
        return self._object("chat.completion.chunk", [], usage=USAGE)

    def annotations(self, marks: Iterable[Mark]) -> list[dict[str, Any]]:
        """Return an annotation for each mark, with the exact citation in ``footnote``."""
        return [
            {
                "type": "url_citation",
                "url_citation": {
                    "start_index": mark.start,
                    "end_index": mark.end,
                    "title": shown(mark.citation.title),
                    "url": place_of(mark.citation, self.base_url),
                },
                "footnote": {"number": mark.number, "sentence": mark.sentence, **asdict(mark.citation)},
            }
            for mark in marks
        ]

    def _object(self, kind: str, choices: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
        about = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return {**about, "choices": list(choices), **more}


def place_of(citation: Citation, base_url: str) -> str:
    """Return the address at which a server opens the place of a citation."""
    span = {"start": citation.start, "end": citation.end, "passage": citation.passage_id}
    return f"{base_url}documents/{citation.document_id}/place?{urlencode(span)}"


def model_form(name: str, created: int) -> dict[str, Any]:
    """Return a model of the list."""
    return {"id": name, "object": "model", "created": created, "owned_by": "footnote"}
