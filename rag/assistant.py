"""The way of a question: evidence first, then an answer whose every sentence is checked."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict
from functools import partial
from threading import Semaphore
from typing import TYPE_CHECKING, Self

from rag.aside import Aside, awaited
from rag.async_doors import AsyncDoors
from rag.doors import LangChainDoors
from rag.errors import FootnoteError, LibraryInUse, LibraryMissing
from rag.followup import FollowUp, follow_up, recent
from rag.library import Library
from rag.model_errors import GIVEN
from rag.models import ChatModel, Embedder, Progress, make_chat_model, make_embedder
from rag.question import MAX_QUESTION_CHARS as MAX_QUESTION_CHARS
from rag.question import valid
from rag.settings import Settings
from rag.settings_layers import load_settings
from rag.sources import LibrarySource, RetrieverSource, Source
from rag.stages import stage
from rag.stopwatch import Stopwatch
from rag.types import Answer, AnswerFinished, Event, EvidenceFound, FoundPassage, Turn
from rag.wrapping import RememberingEmbedder
from rag.writer import Writer

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.retrievers import RetrieverLike
    from langchain_core.runnables import Runnable, RunnableConfig

EXACT_LIMIT = 20_000
"""Passages up to which a reader scans the catalogue rather than open Chroma, which takes about a second."""


class Assistant(LangChainDoors, AsyncDoors):
    """Answers questions from a library, or from what a retriever finds.

    Use as a context manager, with or without `async`, or call `close`. Safe for threads.
    """

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
        its source where the metadata has ``start_index``; see `rag.outside`. The confidence is fitted to
        whole libraries and runs higher here.

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
            self._chat_model.runnable()

    @property
    def chat_model(self) -> ChatModel | None:
        """The model that writes the answers; None when the key quotes are all there is."""
        return self._chat_model

    @property
    def model(self) -> str:
        """Name of the model that writes the answers, or ``none``."""
        return self._chat_model.name if self._chat_model is not None else "none"

    def ask(
        self, question: str, *, history: Sequence[Turn] = (), within: Collection[str] | None = None
    ) -> Answer:
        """Return the whole answer to a question, which may follow up on the turns of `history`.

        With `within`, only the documents with these ids are searched.

        Raises:
            QuestionError: the question is empty or too long.
            LibraryError: the library is empty or cannot be read.
            ModelError: the model does not answer.
        """
        with self.line:
            events = self.stream(question, history=history, within=within)
            return next(event.answer for event in events if isinstance(event, AnswerFinished))

    def standalone(self, question: str, history: Sequence[Turn]) -> str:
        """Return what a question asks after the turns of `history`: rewritten where a fast model can."""
        return self._follow_up(question, recent(history)).question

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        within: Collection[str] | None = None,
        config: RunnableConfig | None = None,
    ) -> Generator[Event, None, None]:
        """Yield the answer as it is made: `EvidenceFound`, then text and sentences, then `AnswerFinished`.

        Args:
            question: up to 4,000 characters.
            history: the turns before it, oldest first.
            within: ids of the documents that are searched; all of them when None.
            config: LangChain's; its callbacks see each stage, and the model at work in the last.

        Raises:
            QuestionError, LibraryError, ModelError: as `ask` does.
        """
        started = time.perf_counter()
        question, history = valid(question), recent(history)
        self._source.require_documents()
        watch = Stopwatch()
        with stage(config, "follow_up", {"question": question, "turns": len(history)}) as run:
            with watch.during("follow_up"):
                asked = self._follow_up(question, history)
            run.outputs = partial(asdict, asked)
        with stage(config, "search", {"question": asked.question, "query": asked.query}) as run:
            found = self._source.evidence(self.embedder, asked, self.settings.passages, within, run.config)
            run.outputs = found.told
        timings: dict[str, float | None] = {
            "retrieve_s": time.perf_counter() - started,
            "first_token_s": None,
        }
        if found.enough and self._chat_model is not None:
            self._chat_model.start()  # only now: loading a model would slow the search for the quotes
        yield EvidenceFound(found.quotes, found.passages, found.question, {**watch.seconds, **found.seconds})
        from rag.answering import Outcome, answer, quoted  # only now: the quotes do not wait for it

        outcome = Outcome(found) if self._chat_model is not None else quoted(found)
        if found.enough and self._chat_model is not None:
            with stage(config, "answer", {"question": found.question}) as run:
                writer = Writer(self._chat_model, self.settings, run.config)
                for event in answer(found, writer, self.embedder, history):
                    if isinstance(event, Outcome):
                        outcome = event
                        continue
                    if timings["first_token_s"] is None:
                        timings["first_token_s"] = time.perf_counter() - started
                    yield event
                run.outputs = outcome.told
        timings["total_s"] = time.perf_counter() - started
        yield AnswerFinished(outcome.answer(question, self.model, timings))

    def search(
        self, question: str, k: int = 10, *, within: Collection[str] | None = None
    ) -> tuple[FoundPassage, ...]:
        """Return the `k` best passages for a question, best first, without any answer being written.

        With `within`, only the documents with these ids are searched.

        Raises:
            QuestionError: the question is empty or too long.
            LibraryError: the library is empty or cannot be read.
        """
        asked = FollowUp(valid(question))
        self._source.require_documents()
        return self._source.evidence(self.embedder, asked, k, within, None).passages

    def _follow_up(self, question: str, history: Sequence[Turn]) -> FollowUp:
        if self._chat_model is None or self.settings.llm.startswith("local"):  # too slow for it
            return follow_up(question, history, None)
        return follow_up(question, history, Writer(self._chat_model, self.settings, None).rewritten)


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
