"""What a request for a chat completion may say: checked here, so that nothing is promised and not kept."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

MOST_MESSAGES = 2000
"""Of a conversation; a question follows up on the last few turns."""


class Part(BaseModel):
    """A part of a message; `text` is None where it is no text."""

    type: str
    text: str | None = None


def _as_parts(content: object) -> object:
    if content is None:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class Message(BaseModel):
    """A message of the conversation; those of a system or a tool are passed over."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    parts: Annotated[list[Part], Field(alias="content", default_factory=list), BeforeValidator(_as_parts)]

    @property
    def text(self) -> str:
        """The words of all its parts."""
        return "\n".join(part.text for part in self.parts if part.text is not None)


class StreamOptions(BaseModel):
    """What a stream tells beside the answer."""

    include_usage: bool | None = None


class Request(BaseModel):
    """A request; parameters that are not named here are passed over.

    The others are there to be refused: whoever sets them counts on something that an answer from documents
    does not give.
    """

    model_config = ConfigDict(extra="ignore")

    model: str = Field(min_length=1, max_length=200)
    messages: list[Message] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    logprobs: bool | None = None
    response_format: dict[str, Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    function_call: str | dict[str, Any] | None = None
    modalities: list[str] | None = None

    @field_validator("n")
    @classmethod
    def _one(cls, n: int | None) -> int | None:
        if n is not None and n != 1:
            raise ValueError("there is one answer to a question: leave it out, or ask for 1")
        return n

    @field_validator("logprobs")
    @classmethod
    def _none_told(cls, wanted: bool | None) -> bool | None:
        if wanted:
            raise ValueError(
                "log-probabilities are not told: how sure the answer is stands in footnote.confidence"
            )
        return wanted

    @field_validator("response_format")
    @classmethod
    def _as_text(cls, wanted: dict[str, Any] | None) -> dict[str, Any] | None:
        if wanted and wanted.get("type") != "text":
            raise ValueError("the reply is text: its parts stand in footnote, as JSON")
        return wanted

    @field_validator("tool_choice", "function_call")
    @classmethod
    def _not_forced(cls, wanted: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        if wanted not in (None, "none", "auto"):
            raise ValueError("no tool is ever called: leave it out, or ask for 'auto' or 'none'")
        return wanted

    @field_validator("modalities")
    @classmethod
    def _in_words(cls, wanted: list[str] | None) -> list[str] | None:
        if wanted not in (None, [], ["text"]):
            raise ValueError("the reply is text: ask for no other modality")
        return wanted
