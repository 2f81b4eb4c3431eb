"""The parts of an assistant, opened together and closed together."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext, suppress
from threading import Semaphore
from typing import TYPE_CHECKING, Self

from rag.aside import Aside, awaited
from rag.endpoints.model_errors import GIVEN
from rag.errors import FootnoteError, LibraryInUse, LibraryMissing
from rag.library import Library
from rag.models import ChatModel, Embedder, make_chat_model, make_embedder
from rag.progress import Progress
from rag.retrieval.sources import LibrarySource, RetrieverSource, Source
from rag.retrieval.wrapping import RememberingEmbedder
from rag.settings import Settings
from rag.settings_layers import load_settings

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.retrievers import RetrieverLike
    from langchain_core.runnables import Runnable

EXACT_LIMIT = 20_000
"""Passages up to which a reader scans the catalogue rather than open Chroma, which takes about a second."""


class AssistantParts:
    """What every `Assistant` stands on: a library or a retriever, an embedder, and maybe a model."""

    def __init__(
        self,
        source: Library | RetrieverLike,
        embedder: Embedder,
        chat_model: ChatModel | None,
        settings: Settings,
    ) -> None:
        """Join the parts; see `open` and `over`.

        Raises:
            LibraryIncompatible: the library was made with another embedder.
        """
        self._library = source if isinstance(source, Library) else None
        if isinstance(source, Library):
            source.require(embedder.fingerprint)
            self._source: Source = LibrarySource(source)
        else:
            self._source = RetrieverSource(source)
        self.embedder = RememberingEmbedder(embedder)
        self.settings = settings
        self._chat_model = chat_model
        self.aside = Aside()
        ours = chat_model is not None and settings.llm.startswith("local")  # others have lines of their own
        self.line: AbstractContextManager[object] = (
            Semaphore(settings.answers_at_once) if ours else nullcontext()
        )

    @classmethod
    def open(
        cls,
        library: str | os.PathLike[str] | None = None,
        *,
        settings: Settings | None = None,
        chat_model: ChatModel | Runnable[LanguageModelInput, AIMessage] | None = None,
        embeddings: Embedder | Embeddings | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Open a library for questions.

        Args:
            library: its folder; that of the settings when None.
            settings: from `load_settings`; read from the usual places when None.
            chat_model: writes the answers, in place of the model of the settings: any of LangChain's.
            embeddings: in place of the embedder of the settings: any of LangChain's, and the same that the
                library was made with.
            progress: called with (label, done, total) while model files are fetched.

        Raises:
            LibraryError: there is no library, or it cannot be used.
            ModelError: a model is not to be had.
            SettingsError: a setting is unknown or invalid.
        """
        settings = settings or load_settings()
        opened = Library.of(settings.at(library))
        try:
            writer, settings = _writer(settings, progress, chat_model)
            assistant = cls(opened, make_embedder(settings, progress, embeddings), writer, settings)
            if len(opened) > EXACT_LIMIT or settings.chroma is not None:
                with suppress(LibraryInUse):  # then the exact scan answers, only more slowly
                    opened.open_index()
            return assistant
        except FootnoteError:
            opened.close()
            raise

    @classmethod
    def over(
        cls,
        retriever: RetrieverLike,
        *,
        settings: Settings | None = None,
        chat_model: ChatModel | Runnable[LanguageModelInput, AIMessage] | None = None,
        embeddings: Embedder | Embeddings | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Answer from what a retriever of LangChain's finds, without a library of ours.

        The text of each document that it finds is a passage, and a citation's place is in that text, or in
        its source where the metadata has ``start_index``; see `rag.retrieval.outside`. The confidence is
        fitted to whole libraries and runs higher here.

        Args:
            retriever: finds documents, best first.
            settings: as for `open`.
            chat_model: as for `open`.
            embeddings: as for `open`; they see the sentences of what was found.
            progress: as for `open`.

        Raises:
            ModelError: a model is not to be had.
            SettingsError: a setting is unknown or invalid.
        """
        writer, settings = _writer(settings or load_settings(), progress, chat_model)
        embedder = make_embedder(settings, progress, embeddings)
        return cls(retriever, embedder, writer, settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the model's process and close the library, once no cancelled question is at work on them."""
        if self._chat_model is not None:
            self._chat_model.close()
        self.aside.settle()
        if self._library is not None:
            self._library.close()

    aclose = awaited(close)

    @property
    def library(self) -> Library:
        """The library that is asked.

        Raises:
            LibraryMissing: a retriever is asked instead.
        """
        if self._library is None:
            raise LibraryMissing(
                "this assistant answers from a retriever, and has no library: use Assistant.open"
            )
        return self._library

    def warm(self) -> None:
        """Load in advance what a first question would wait for: index, embedder and model."""
        if self._library is not None:
            self._library.open_index()
        self.embedder.warm()
        if self._chat_model is not None:
            from rag.answer.writer import Writer

            Writer(self._chat_model, self.settings, None).prepare()

    @property
    def chat_model(self) -> ChatModel | None:
        """The model that writes the answers; None when the key quotes are all there is."""
        return self._chat_model

    @property
    def model(self) -> str:
        """Name of the model that writes the answers, or ``none``."""
        return self._chat_model.name if self._chat_model is not None else "none"


def _writer(
    settings: Settings,
    progress: Progress | None,
    given: ChatModel | Runnable[LanguageModelInput, AIMessage] | None,
) -> tuple[ChatModel | None, Settings]:
    """Return the chat model, and settings that name it: their own, or the one that is given."""
    if given is None:
        return make_chat_model(settings, progress), settings
    from rag.given import as_chat_model

    chat_model = as_chat_model(given)
    return chat_model, settings.model_copy(update={"llm": f"{GIVEN}{chat_model.name}"})
