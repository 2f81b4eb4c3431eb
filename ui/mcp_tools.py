"""The tools of the tool protocol, without the protocol: search, ask, read a passage, list the documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from rag.answer.marks import Marked
from rag.errors import DocumentNotFound
from rag.people.collections import Collections
from rag.text.hidden import shown
from rag.types import Answer, AnswerFinished, Citation, Document, Event, FoundPassage
from ui.answers import Answers, Waiting
from ui.mcp_forms import (
    Answered,
    CheckedSentence,
    Documents,
    FoundText,
    FoundTexts,
    Listed,
    ReadText,
    Source,
)
from ui.scopes import searched
from ui.visitors import document_for, documents_for

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.library import Library

Follow = Callable[[Event | Waiting], Awaitable[None]]


def search(assistant: Assistant, user: str, query: str, k: int, collection: str) -> FoundTexts:
    """Return the passages that fit a query best.

    Raises:
        QuestionError, LibraryError: as `Assistant.search` does.
        CollectionNotFound: the user has no such collection.
    """
    within = searched(assistant.library, user, collection)
    return FoundTexts(passages=[_found(each) for each in assistant.search(query, k, within=within)])


async def ask(answers: Answers, question: str, within: frozenset[str] | None, follow: Follow) -> Answered:
    """Return the answer to a question; `follow` is called with each event on the way.

    Raises:
        FootnoteError: as `Answers.stream` does.
    """
    last: Event | Waiting | None = None
    async with aclosing(answers.stream(question, within=within)) as events:
        async for event in events:
            last = event
            await follow(event)
    assert isinstance(last, AnswerFinished)  # noqa: S101 - a stream ends so, or raises
    return _answered(last.answer)


def read_passage(library: Library, user: str, passage_id: str, around: int) -> ReadText:
    """Return a passage with `around` characters of the text on either side.

    Raises:
        DocumentNotFound: there is no such passage, or it is of another user's document.
    """
    found = library.catalog.passages([passage_id]).get(passage_id)
    try:
        document = document_for(library, found.document_id if found is not None else "", user)
    except DocumentNotFound:
        found = None
    if found is None:
        raise DocumentNotFound(f"no passage '{passage_id[:80]}' in the library: search again, it may be gone")
    text = library.text(document.id)
    return ReadText(
        id=found.id,
        document_id=document.id,
        title=shown(document.title),
        page=found.page,
        start=found.start,
        end=found.end,
        before=shown(text[max(0, found.start - around) : found.start]),
        text=shown(found.text),
        after=shown(text[found.end : found.end + around]),
    )


def list_documents(library: Library, user: str, collection: str, offset: int, limit: int) -> Documents:
    """Return the documents that a user may see, or those of a collection.

    Raises:
        CollectionNotFound: the user has no such collection.
    """
    within = searched(library, user, collection)
    seen = [each for each in documents_for(library, user) if within is None or each.id in within]
    return Documents(
        documents=[_listed(each) for each in seen[offset : offset + limit]],
        total=len(seen),
        collections=[each.name for each in Collections(library.catalog).of(user)],
    )


def _found(passage: FoundPassage) -> FoundText:
    return FoundText(
        id=passage.id,
        document_id=passage.document_id,
        title=shown(passage.title),
        page=passage.page,
        start=passage.start,
        end=passage.end,
        headings=[shown(each) for each in passage.headings],
        text=shown(passage.text),
        score=round(passage.score, 4),
    )


def _answered(answer: Answer) -> Answered:
    numbers = {source: number for number, source in enumerate(answer.sources, 1)}
    return Answered(
        answer=Marked.of(answer).text,
        refused=answer.refused,
        confidence=answer.confidence,
        sentences=[
            CheckedSentence(
                text=shown(each.text),
                support=each.support,
                sources=[numbers[citation] for citation in each.citations],
            )
            for each in answer.sentences
        ],
        sources=[_source(source, number) for source, number in numbers.items()],
        model=answer.model,
    )


def _source(citation: Citation, number: int) -> Source:
    return Source(
        number=number,
        passage_id=citation.passage_id,
        document_id=citation.document_id,
        title=shown(citation.title),
        page=citation.page,
        start=citation.start,
        end=citation.end,
        quote=shown(citation.quote),
    )


def _listed(document: Document) -> Listed:
    return Listed(
        id=document.id,
        title=shown(document.title),
        uri=document.uri,
        media_type=document.media_type,
        pages=document.n_pages,
        passages=document.n_passages,
        added_at=document.added_at,
        status=document.status,
    )
