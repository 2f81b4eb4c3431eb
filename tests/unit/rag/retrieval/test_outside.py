"""Answers from what another retriever finds."""

from __future__ import annotations

import asyncio

import pytest
from fakes import QUESTION, TEXT, ScriptedModel
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda

from rag.assistant import Assistant
from rag.errors import LibraryMissing, UsageError
from rag.retrieval.outside import passage_of
from rag.types import Turn

ANSWER = "The plane came on 26 October."
NEWS = Document(TEXT, metadata={"source": "/news/2024.pdf", "page": 4})
OTHER = Document("Bread was dear.", metadata={"source": "b.txt"})


class Shelf(BaseRetriever):
    """Finds the same documents for everything."""

    documents: list[Document]
    asked: list[str] = []

    def _get_relevant_documents(self, query, *, run_manager):
        self.asked.append(query)
        return self.documents


def over(embedder, settings, *documents: Document) -> tuple[Assistant, Shelf]:
    shelf = Shelf(documents=list(documents), asked=[])
    assistant = Assistant.over(
        shelf, settings=settings, chat_model=ScriptedModel(*[ANSWER] * 2), embeddings=embedder
    )
    return assistant, shelf


def test_its_documents_are_the_sources(embedder, settings) -> None:
    assistant, shelf = over(embedder, settings, OTHER, NEWS)
    with assistant:
        answer = assistant.ask(QUESTION)
    assert shelf.asked == [QUESTION]
    assert (answer.text, answer.sentences[0].support) == (ANSWER, "supported")
    [cited] = answer.sentences[0].citations
    assert TEXT[cited.start : cited.end] == cited.quote == "A plane came from Libya on 26 October."
    assert (cited.uri, cited.title, cited.page) == ("/news/2024.pdf", "2024.pdf", 4)
    assert {passage.title for passage in answer.passages} == {"2024.pdf", "b.txt"}


def test_it_streams_and_is_awaited_as_any(embedder, settings) -> None:
    assistant, _ = over(embedder, settings, NEWS)

    async def main() -> str:
        async with assistant:
            return (await assistant.aask(QUESTION)).text

    assert asyncio.run(main()) == ANSWER


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param([], id="nothing"),
        pytest.param([Document(" ")], id="blank"),
        pytest.param([OTHER], id="else"),
    ],
)
def test_without_evidence_it_refuses(embedder, settings, documents) -> None:
    assistant, _ = over(embedder, settings, *documents)
    answer = assistant.ask("Which zebra went to the moon?")
    assert answer.refused
    assert assistant.chat_model.calls == []


def test_a_follow_up_is_searched_with_what_it_lacks(embedder, settings) -> None:
    assistant, shelf = over(embedder, settings, NEWS)
    assistant.ask("And the minister?", history=[Turn(QUESTION, ANSWER)])
    assert shelf.asked[0] == "And the minister?"
    assert "Libya" in shelf.asked[1]


def test_repeats_are_one_voice(embedder, settings) -> None:
    again = Document(TEXT, metadata={"source": "copy.txt"})
    assistant, _ = over(embedder, settings, NEWS, again)
    assert [passage.uri for passage in assistant.ask(QUESTION).passages] == ["/news/2024.pdf"]


def test_our_own_retriever_serves_as_one(assistant, embedder, settings) -> None:
    outside = Assistant.over(assistant.as_retriever(3), settings=settings, embeddings=embedder)
    ours, theirs = (
        Assistant(assistant.library, embedder, None, settings).ask(QUESTION),
        outside.ask(QUESTION),
    )
    assert theirs.quotes == ours.quotes
    assert {each.id for each in theirs.passages} <= {each.id for each in ours.passages}


def test_a_runnable_and_a_chain_serve_too(embedder, settings) -> None:
    found = RunnableLambda(lambda _: [NEWS])
    assert Assistant.over(found, settings=settings, embeddings=embedder).ask(QUESTION).quotes


def test_callbacks_see_the_retriever_within_the_search(embedder, settings) -> None:
    names: list[str] = []

    class Watch(BaseCallbackHandler):
        def on_chain_start(self, serialized, inputs, *, name=None, **kwargs) -> None:
            names.append(name)

        def on_retriever_start(self, serialized, query, *, name=None, **kwargs) -> None:
            names.append(name)

    assistant, _ = over(embedder, settings, NEWS)
    assistant.as_runnable().invoke(QUESTION, {"callbacks": [Watch()]})
    assert names[:4] == ["AnswerRunnable", "follow_up", "search", "Shelf"]


def test_what_the_retriever_raises_passes_through(embedder, settings) -> None:
    def fail(_):
        raise ZeroDivisionError("theirs")

    with pytest.raises(ZeroDivisionError, match="theirs"):
        Assistant.over(RunnableLambda(fail), settings=settings, embeddings=embedder).ask(QUESTION)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        pytest.param(lambda a: a.library, LibraryMissing, "has no library", id="library"),
        pytest.param(lambda a: a.as_retriever(), LibraryMissing, "has no library", id="retriever"),
        pytest.param(lambda a: a.ask(QUESTION, within=["x"]), UsageError, "'within'", id="within"),
    ],
)
def test_what_needs_a_library_says_so(embedder, settings, call, error, words) -> None:
    assistant, _ = over(embedder, settings, NEWS)
    assistant.warm()
    with pytest.raises(error, match=words):
        call(assistant)


def test_what_is_no_document_is_refused(embedder, settings) -> None:
    found = RunnableLambda(lambda _: ["text"])
    with pytest.raises(UsageError, match="no documents of LangChain's"):
        Assistant.over(found, settings=settings, embeddings=embedder).ask(QUESTION)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        pytest.param({}, ("", "untitled", None, 0), id="nothing"),
        pytest.param({"source": "/a/b%20c.txt"}, ("/a/b%20c.txt", "b c.txt", None, 0), id="source"),
        pytest.param({"title": "T", "page": 0, "page_label": "1"}, ("", "T", 1, 0), id="label"),
        pytest.param({"page": 0, "page_label": "iv"}, ("", "untitled", None, 0), id="roman"),
        pytest.param({"start_index": 7}, ("", "untitled", None, 7), id="start"),
    ],
)
def test_metadata_says_where_a_passage_stands(metadata, expected) -> None:
    passage = passage_of(Document("text", metadata=metadata))
    assert (passage.uri, passage.title, passage.page, passage.start) == expected
    assert passage.end - passage.start == 4
