"""Footnote as parts of a LangChain program: a retriever and a Runnable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForChainRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.messages import convert_to_messages
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ConfigDict

from rag.followup import FollowUp, exchanges
from rag.library import Library
from rag.search import find
from rag.types import Answer, AnswerFinished, EvidenceFound, FoundPassage, SentenceChecked, TextWritten, Turn

if TYPE_CHECKING:
    from rag.assistant import Assistant

Question = str | Mapping[str, Any]


class PassageRetriever(BaseRetriever):
    """Finds passages; dense and lexical, fused, the best looked at sentence by sentence."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: Library
    embedder: Any
    k: int = 5

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        found = find(self.library, self.embedder, FollowUp(query), self.k)
        return [_document(passage) for passage in found.passages]


class AnswerRunnable(Runnable[Question, Answer]):
    """A question, or a mapping with the key ``question``, to its `Answer`.

    The mapping may hold the turns before it under ``history``: messages, as LangChain takes them. Callbacks
    see the stages ``follow_up``, ``search`` and ``answer``, and in the last the model.
    """

    def __init__(self, assistant: Assistant) -> None:
        """Wrap an open assistant."""
        self._assistant = assistant

    def invoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """Return the whole answer."""
        return self._call_with_config(self._last, input, config, run_type="chain")

    def stream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Answer]:
        """Yield the answer so far: first with key quotes and passages, last as a whole."""
        yield from self._transform_stream_with_config(iter([input]), self._so_far, config, run_type="chain")

    def _last(
        self, question: Question, run_manager: CallbackManagerForChainRun, config: RunnableConfig
    ) -> Answer:
        *_, last = self._snapshots(question, config)
        return last

    def _so_far(
        self, questions: Iterator[Question], run_manager: CallbackManagerForChainRun, config: RunnableConfig
    ) -> Iterator[Answer]:
        for question in questions:
            yield from self._snapshots(question, config)

    def _snapshots(self, question: Question, config: RunnableConfig) -> Iterator[Answer]:
        asked = question if isinstance(question, str) else str(question["question"])
        history = [] if isinstance(question, str) else _turns(question.get("history", ()))
        answer = Answer(asked, asked, (), "", (), (), False, 0.0, self._assistant.model)
        for event in self._assistant.stream(asked, history=history, config=config):
            match event:
                case EvidenceFound(quotes, passages, standalone):
                    answer = replace(answer, quotes=quotes, passages=passages, standalone_question=standalone)
                case TextWritten(text):
                    answer = replace(answer, text=answer.text + text)
                case SentenceChecked(sentence):
                    answer = replace(answer, sentences=(*answer.sentences, sentence))
                case AnswerFinished(whole):
                    answer = whole
            yield answer


def _turns(history: Sequence[Any]) -> list[Turn]:
    """Return messages as turns: each question with all that was answered to it."""
    roles = {"human": "user", "ai": "agent"}
    messages = convert_to_messages(history)
    return exchanges((roles[each.type], each.text) for each in messages if each.type in roles)


def _document(passage: FoundPassage) -> LangChainDocument:
    place = passage.to_dict()
    text = place.pop("text")
    place["passage_id"] = place.pop("id")
    return LangChainDocument(page_content=text, metadata=place, id=passage.id)
