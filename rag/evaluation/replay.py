"""A LangChain chat model that replays what another one said before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict

from rag.evaluation.cache import Cache, digest


class CachedChatModel(BaseChatModel):
    """Streams a known answer chunk by chunk, metadata and log-probabilities included.

    A new prompt goes to the real model, and is kept once it has been answered to its end. What is bound to
    the model (``logprobs``, ``max_tokens`` and others) is part of the key.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    chat: Any
    """The real `rag.models.ChatModel`."""
    outputs: Cache
    identity: dict[str, Any]

    @property
    def _llm_type(self) -> str:
        return "cached"

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        said = [each.model_dump(mode="json", exclude={"id"}) for each in messages]
        key = digest("stream", self.identity, said, stop, kwargs)
        known = self.outputs.stream(key)
        chunks = self._asked(key, messages, stop, kwargs) if known is None else map(_restored, known)
        for chunk in chunks:
            if run_manager is not None:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _asked(
        self, key: bytes, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> Iterator[ChatGenerationChunk]:
        chunks = []
        model = self.chat.runnable()
        # Without callbacks: this model reports the call already.
        for message in model.stream(messages, {"callbacks": []}, stop=stop, **kwargs):
            chunk = ChatGenerationChunk(message=message)
            chunks.append(chunk.message.model_dump(mode="json", exclude={"id"}))
            yield chunk
        self.outputs.put_stream(key, chunks)


def _restored(chunk: dict[str, Any]) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk.model_validate(chunk))
