"""A chat model at work on one question: its words as they come, and how sure it was of them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from rag.answer import prompt
from rag.errors import FootnoteError, ModelError
from rag.models import ChatModel, translate
from rag.settings import Settings

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.runnables import RunnableConfig

Messages = Sequence[tuple[str, str]]

REWRITE_PIECES = 48
"""Of a rewrite, as the model sends it: about a token each. Providers differ in how a limit is told them."""

ENOUGH = 0.98
"""Chance that the evidence holds the answer at which a local model, which reads slowly, is shown no more.

Of 500 questions over 400 paragraphs, the evidence then holds the answer of .948 in 139 tokens on average; all
that fits into 230 tokens does of .952 in 224, and what fits into 140 of .93.
"""

_ALTERNATIVES = 5
_MANY_ALTERNATIVES = 10


class Writer:
    """Asks a chat model; every error of its library becomes one of ours here.

    It is shown `evidence_tokens` of evidence at most, and no more than what is `enough_evidence` to hold the
    answer. `logprobs` are the log-probabilities of the tokens of the last answer streamed; empty for models
    that do not tell them.
    """

    def __init__(self, chat_model: ChatModel, settings: Settings, config: RunnableConfig | None) -> None:
        self._chat_model = chat_model
        self._settings = settings
        self._config = config
        self._tells = settings.llm.startswith("local")
        self.evidence_tokens = settings.evidence_budget
        self.enough_evidence = ENOUGH if self._tells else None
        self.logprobs: list[float] = []

    def prepare(self) -> None:
        """Reach the model, and have a local one read what all prompts begin with: no question waits for it.

        Raises:
            ModelError: the model does not answer.
        """
        if self._tells:
            self.say(prompt.messages("", ()), 1)
        else:
            self._chat_model.runnable()

    def stream(self, messages: Messages) -> Iterator[str]:
        """Yield the model's words.

        Raises:
            ModelError: the model does not answer.
        """
        self.logprobs = []
        for chunk in self._chunks(messages):
            self.logprobs += [each["logprob"] for each in _tokens(chunk)]
            yield chunk.text

    def say(self, messages: Messages, pieces: int) -> str:
        """Return the first pieces of an answer, as the model sends them: about a token each.

        Raises:
            ModelError: the model does not answer.
        """
        chunks = self._chunks(messages, **({"max_tokens": pieces} if self._tells else {}))
        said = "".join(chunk.text for chunk in islice(chunks, pieces))
        if self._tells:
            deque(chunks, maxlen=0)  # a model that counts comes to its end, and what has ended can be kept
        return said

    def rewritten(self, messages: Messages) -> str:
        """Return the model's rewrite of a follow-up, or nothing: the question can be searched without it."""
        try:
            return self.say(messages, REWRITE_PIECES)
        except ModelError:  # the answer's call will report it
            return ""

    def chance_of_yes(self, messages: Messages) -> float | None:
        """Return the model's probability of yes against no, None for a model that does not tell.

        Raises:
            ModelError: the model does not answer.
        """
        if not self._tells:
            return None
        asked = self._chunks(messages, max_tokens=1, top_logprobs=_MANY_ALTERNATIVES)
        tokens = [token for chunk in asked for token in _tokens(chunk)]
        mass = {"yes": 0.0, "no": 0.0}
        for alternative in tokens[0]["top_logprobs"] if tokens else ():
            word = alternative["token"].strip().casefold()
            if word in mass:
                mass[word] += math.exp(alternative["logprob"])
        total = sum(mass.values())
        return mass["yes"] / total if total else None

    def _chunks(self, messages: Messages, **options: Any) -> Iterator[BaseMessage]:
        if self._tells:
            options = {"logprobs": True, "top_logprobs": _ALTERNATIVES} | options
        try:
            yield from self._chat_model.runnable().stream(list(messages), self._config, **options)
        except FootnoteError:
            raise
        except Exception as error:  # each provider raises its own kinds: this is the border
            raise translate(error, self._settings) from error


def _tokens(chunk: BaseMessage) -> list[dict[str, Any]]:
    logprobs = chunk.response_metadata.get("logprobs") or {}
    return logprobs.get("content") or []


Say = Callable[[Messages, int], str]
"""The first so many pieces of a model's answer to messages."""
