"""The doors of an assistant to LangChain: as a retriever, as a Runnable, as a tool."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable
    from langchain_core.tools import BaseTool

    from rag.assistant import Assistant
    from rag.types import Answer


class LangChainDoors:
    """What an `Assistant` is to a LangChain program."""

    def as_retriever(
        self,
        k: int = 5,
        *,
        within: Collection[str] | None = None,
        titles: Collection[str] | None = None,
        collection: str | None = None,
        **options: Any,
    ) -> BaseRetriever:
        """Return a LangChain retriever; its documents carry uri, title, page, start and end in metadata.

        Args:
            k: how many passages it gives.
            within: ids of the documents that it searches.
            titles: titles of the documents that it searches.
            collection: name or id of the collection that it searches.
            options: what every retriever takes: ``tags`` and ``metadata``.

        Raises:
            LibraryMissing: a retriever is asked instead of a library.
        """
        from rag.langchain import PassageRetriever

        assistant = cast("Assistant", self)
        return PassageRetriever(
            library=assistant.library,
            embedder=assistant.embedder,
            k=k,
            within=within,
            titles=titles,
            collection=collection,
            **options,
        )

    def as_runnable(self) -> Runnable[Any, Answer]:
        """Return a LangChain Runnable from a question to its `Answer`.

        Its stream yields the `Answer` so far: first key quotes and passages, last the whole.
        """
        from rag.langchain import AnswerRunnable

        return AnswerRunnable(cast("Assistant", self))

    def as_tool(
        self,
        name: str = "ask_documents",
        description: str | None = None,
        *,
        within: Collection[str] | None = None,
    ) -> BaseTool:
        """Return a LangChain tool for agents: a question to the answer's text, with marks and sources.

        The `Answer` itself is the artifact of the tool's message.

        Args:
            name: what the agent's model calls it.
            description: tells that model when to; say here what the documents are about.
            within: ids of the documents that are searched; all of them when None.
        """
        from rag.tool import answer_tool

        return answer_tool(cast("Assistant", self), name, description, within)
