"""A program as a user writes it: every public name, checked by mypy in its strict mode."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from langchain_core.documents import Document as Found
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

import rag
from ingest import Outcome, Progress, add
from rag import (
    Answer,
    AnswerFinished,
    Assistant,
    Citation,
    Document,
    EmbeddingsAdapter,
    Event,
    EvidenceFound,
    FootnoteError,
    FoundPassage,
    Library,
    Passage,
    Sentence,
    SentenceChecked,
    Settings,
    TextWritten,
    Turn,
    load_settings,
    marked,
)


def fill(library: Path, embeddings: Embeddings) -> list[str]:
    def tell(progress: Progress) -> None:
        sorted([progress.name])

    outcomes: list[Outcome] = add(
        library, "notes/", embeddings=EmbeddingsAdapter(embeddings), on_progress=tell
    )
    return [outcome.reason or outcome.title for outcome in outcomes]


def ask(settings: Settings, model: BaseChatModel, embeddings: Embeddings) -> str:
    with Assistant.open(settings=settings, chat_model=model, embeddings=embeddings) as assistant:
        answer: Answer = assistant.ask("When?", history=[Turn("Who?", "They.")], within=["id"])
        sentences: tuple[Sentence, ...] = answer.sentences
        citations: list[Citation] = [one for each in sentences for one in each.citations]
        passages: tuple[FoundPassage, ...] = answer.passages
        first: Passage | None = passages[0] if passages else None
        return marked(answer) if first is not None and citations else answer.text


def parts(assistant: Assistant) -> tuple[BaseRetriever, Runnable[str, str], BaseTool]:
    def words(answer: Answer) -> str:
        return answer.text

    retriever = assistant.as_retriever(3, titles=["Report"], collection="Work")
    found: list[Found] = retriever.invoke("When?", k=2)
    return retriever, assistant.as_runnable() | words, assistant.as_tool(description=found[0].page_content)


def told(events: Iterator[Event]) -> str:
    text = ""
    for event in events:
        match event:
            case EvidenceFound(quotes=quotes):
                text += quotes[0].quote
            case TextWritten(text=more):
                text += more
            case SentenceChecked(sentence=sentence):
                text += sentence.support
            case AnswerFinished(answer=answer):
                text += answer.model
    return text


async def awaited() -> tuple[list[Document], str, Answer]:
    async with Assistant.open("library", settings=load_settings({"llm": "none"})) as assistant:
        async for event in assistant.astream("When?"):
            if isinstance(event, TextWritten):
                assert event.text
        document = await assistant.library.afind("report.pdf")
        text = await assistant.library.atext(document.id)
        return await assistant.library.adocuments(), text, await assistant.aask("When?")


def over(retriever: BaseRetriever) -> Assistant:
    return Assistant.over(retriever)


def main() -> None:
    try:
        with Library.open("library", create=True) as library:
            library.documents()
        asyncio.run(awaited())
    except (rag.LibraryError, rag.ModelError, rag.UsageError) as error:
        failed: FootnoteError = error
        raise SystemExit(failed.exit_code) from error
