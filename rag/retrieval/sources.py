"""What an assistant asks: a library of ours, or a retriever of LangChain's."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from rag.errors import LibraryMissing, UsageError
from rag.library import Library
from rag.models import Embedder
from rag.retrieval.followup import FollowUp
from rag.retrieval.search import Evidence, search

if TYPE_CHECKING:
    from langchain_core.retrievers import RetrieverLike
    from langchain_core.runnables import RunnableConfig


class Source(Protocol):
    """Finds the evidence for a question."""

    def require_documents(self) -> None:
        """Make sure that there is something to ask.

        Raises:
            LibraryMissing: there is nothing.
        """

    def evidence(
        self,
        embedder: Embedder,
        asked: FollowUp,
        k: int,
        within: Collection[str] | None,
        config: RunnableConfig | None,
    ) -> Evidence:
        """Return the evidence in the `k` best passages, of all documents or of those `within`."""


class LibrarySource:
    """A library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def require_documents(self) -> None:
        """Make sure that the library is not empty; as `Source` says."""
        if not len(self._library):
            raise LibraryMissing(
                f"the library {self._library.catalog.place} is empty: fill it with 'footnote add PATH…'"
            )

    def evidence(
        self,
        embedder: Embedder,
        asked: FollowUp,
        k: int,
        within: Collection[str] | None,
        config: RunnableConfig | None,
    ) -> Evidence:
        """Search the library; as `Source` says.

        Raises:
            LibraryError: it cannot be read.
        """
        return search(self._library, embedder, asked, k, None if within is None else frozenset(within))


class RetrieverSource:
    """A retriever, which knows best what there is."""

    def __init__(self, retriever: RetrieverLike) -> None:
        self._retriever = retriever

    def require_documents(self) -> None:
        """Do nothing: a retriever that finds nothing is answered for by a refusal."""

    def evidence(
        self,
        embedder: Embedder,
        asked: FollowUp,
        k: int,
        within: Collection[str] | None,
        config: RunnableConfig | None,
    ) -> Evidence:
        """Ask the retriever; as `Source` says. What it raises passes through as it is.

        Raises:
            UsageError: documents of a library are chosen, or it gives something else than documents.
        """
        if within is not None:
            raise UsageError("'within' chooses documents of a library, and this assistant has a retriever")
        from rag.retrieval.outside import search_outside

        return search_outside(self._retriever, embedder, asked, k, config)
