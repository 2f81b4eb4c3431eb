"""Footnote as parts of a LangChain program: a retriever and a Runnable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Generator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NotRequired

from langchain_core.callbacks import (
    AsyncCallbackManagerForChainRun,
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForChainRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document as LangChainDocument
from langchain_core.messages import AnyMessage, convert_to_messages
from langchain_core.retrievers import BaseRetriever, LangSmithRetrieverParams
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor
from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from rag.errors import UsageError
from rag.library import Library
from rag.retrieval.followup import FollowUp, exchanges
from rag.retrieval.narrowing import Narrowing
from rag.retrieval.search import find
from rag.types import (
    Answer,
    AnswerFinished,
    Event,
    EvidenceFound,
    FoundPassage,
    SentenceChecked,
    TextWritten,
    Turn,
)

if TYPE_CHECKING:
    from rag.assistant import Assistant


class QuestionInput(TypedDict):
    """A question with the messages before it, as LangChain takes them."""

    question: str
    history: NotRequired[Sequence[AnyMessage | tuple[str, str] | dict[str, Any]]]


Question = str | QuestionInput


class PassageRetriever(BaseRetriever):
    """Finds passages; dense and lexical, fused, the best looked at sentence by sentence.

    `k` and the filters are for every call; ``invoke(question, k=3, titles=["Report"])`` sets them for one.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: Library
    embedder: Any
    k: int = Field(5, ge=1, description="how many passages it gives")
    within: Collection[str] | None = Field(None, description="ids of the documents that it searches")
    titles: Collection[str] | None = Field(None, description="titles of the documents that it searches")
    collection: str | None = Field(None, description="name or id of the collection that it searches")

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
        within: Collection[str] | None = None,
        titles: Collection[str] | None = None,
        collection: str | None = None,
    ) -> list[LangChainDocument]:
        if k is not None and k < 1:
            raise UsageError(f"k is how many passages are wanted, and {k} is none: give 1 or more")
        narrowing = Narrowing(
            self.within if within is None else within,
            self.titles if titles is None else titles,
            self.collection if collection is None else collection,
        )
        chosen = narrowing.document_ids(self.library)
        with self.library.catalog.snapshot():
            found = find(self.library, self.embedder, FollowUp(query), k or self.k, chosen)
        return [_document(passage) for passage in found.passages]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **chosen: Any
    ) -> list[LangChainDocument]:
        found = partial(self._get_relevant_documents, query, run_manager=run_manager.get_sync(), **chosen)
        return await run_in_executor(None, found)

    def _get_ls_params(self, **kwargs: Any) -> LangSmithRetrieverParams:
        return {"ls_retriever_name": "footnote", "ls_embedding_model": self.embedder.fingerprint}


class AnswerRunnable(Runnable[Question, Answer]):
    """A question, or a mapping with the key ``question``, to its `Answer`.

    The mapping may hold the turns before it under ``history``: messages, as LangChain takes them. Callbacks
    see the stages ``follow_up``, ``search`` and ``answer``, and in the last the model. A batch for the local
    model, which answers one at a time, waits in line.
    """

    def __init__(self, assistant: Assistant, within: Collection[str] | None = None) -> None:
        """Wrap an open assistant, which looks `within` the documents with these ids, or in all."""
        self._assistant = assistant
        self._within = within

    @property
    def InputType(self) -> Any:  # noqa: N802 - LangChain's name
        """What it takes."""
        return Question

    @property
    def OutputType(self) -> type[Answer]:  # noqa: N802 - LangChain's name
        """What it gives."""
        return Answer

    def invoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """Return the whole answer."""
        return self._call_with_config(self._last, input, config, run_type="chain")

    async def ainvoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """Return the whole answer, without blocking the event loop; cancelling it stops the model."""
        return await self._acall_with_config(self._alast, input, config, run_type="chain")

    def stream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Answer]:
        """Yield the answer so far: first with key quotes and passages, last as a whole."""
        yield from self._transform_stream_with_config(iter([input]), self._so_far, config, run_type="chain")

    async def astream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Answer]:
        """Yield what `stream` does, without blocking the event loop."""

        async def inputs() -> AsyncIterator[Question]:
            yield input

        made = self._atransform_stream_with_config(inputs(), self._aso_far, config, run_type="chain")
        async for answer in made:
            yield answer

    def _last(
        self, question: Question, run_manager: CallbackManagerForChainRun, config: RunnableConfig
    ) -> Answer:
        *_, last = self._in_line(question, config)
        return last

    async def _alast(
        self, question: Question, run_manager: AsyncCallbackManagerForChainRun, config: RunnableConfig
    ) -> Answer:
        async with aclosing(self._assistant.aside.each(self._in_line(question, config))) as answers:
            every = [answer async for answer in answers]
        return every[-1]

    def _so_far(
        self, questions: Iterator[Question], run_manager: CallbackManagerForChainRun, config: RunnableConfig
    ) -> Iterator[Answer]:
        for question in questions:
            yield from self._snapshots(question, config)

    async def _aso_far(
        self,
        questions: AsyncIterator[Question],
        run_manager: AsyncCallbackManagerForChainRun,
        config: RunnableConfig,
    ) -> AsyncIterator[Answer]:
        async for question in questions:
            async with aclosing(self._assistant.aside.each(self._snapshots(question, config))) as answers:
                async for answer in answers:
                    yield answer

    def _in_line(self, question: Question, config: RunnableConfig) -> Generator[Answer, None, None]:
        with self._assistant.line:
            yield from self._snapshots(question, config)

    def _snapshots(self, question: Question, config: RunnableConfig) -> Generator[Answer, None, None]:
        asked, history = _asked(question)
        answer = Answer(asked, asked, (), "", (), (), False, 0.0, self._assistant.model)
        events = self._assistant.stream(asked, history=history, within=self._within, config=config)
        for event in events:
            answer = grown(answer, event)
            yield answer


def grown(answer: Answer, event: Event) -> Answer:
    """Return an answer so far as it is after a further event of its stream (pure)."""
    match event:
        case EvidenceFound(quotes, passages, standalone):
            return replace(answer, quotes=quotes, passages=passages, standalone_question=standalone)
        case TextWritten(text):
            return replace(answer, text=answer.text + text)
        case SentenceChecked(sentence):
            return replace(answer, sentences=(*answer.sentences, sentence))
        case AnswerFinished(whole):
            return whole


def _asked(question: object) -> tuple[str, list[Turn]]:
    match question:
        case str():
            return question, []
        case {"question": str(asked), **others}:
            return asked, _turns(others.get("history") or ())
    raise UsageError("ask with a text, or with {'question': text, 'history': messages}")


def _turns(history: Any) -> list[Turn]:
    """Return messages as turns: each question with all that was answered to it."""
    roles = {"human": "user", "ai": "agent"}
    messages = convert_to_messages(history)
    return exchanges((roles[each.type], each.text) for each in messages if each.type in roles)


def _document(passage: FoundPassage) -> LangChainDocument:
    place = passage.to_dict()
    text = place.pop("text")
    place["passage_id"] = place.pop("id")
    return LangChainDocument(page_content=text, metadata=place, id=passage.id)
