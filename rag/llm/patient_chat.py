"""A chat model whose calls are limited, tried again and stopped: a Runnable around that of LangChain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig

from rag.endpoints.calls import Calls

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput


class PatientChat(Runnable["LanguageModelInput", AIMessage]):
    """Asks a chat model; batches and calls that are awaited come back to `invoke` and `stream`."""

    def __init__(self, model: BaseChatModel, calls: Calls) -> None:
        """Ask `model` by `calls`."""
        self.model = model
        self._calls = calls

    def invoke(
        self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AIMessage:
        """Return the model's answer.

        Raises:
            ModelError: the model does not answer.
        """
        return self._calls.one(lambda: self.model.invoke(input, config, **kwargs))

    def stream(
        self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> Iterator[AIMessage]:
        """Yield the model's answer as it comes.

        Raises:
            ModelError: the model does not answer, or breaks off.
        """
        return self._calls.each(lambda: self.model.stream(input, config, **kwargs))
