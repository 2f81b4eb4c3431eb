"""The way of a question: evidence first, then an answer whose every sentence is checked."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.answering import Outcome, answer, quoted
from rag.errors import FootnoteError, LibraryInUse, LibraryMissing, ModelError, QuestionError
from rag.followup import FollowUp, follow_up
from rag.library import Library
from rag.models import ChatModel, Embedder, Progress, make_chat_model, make_embedder
from rag.search import search
from rag.settings import Settings, load_settings
from rag.stages import stage
from rag.types import Answer, AnswerFinished, Event, EvidenceFound, Turn
from rag.wrapping import RememberingEmbedder
from rag.writer import Writer

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable, RunnableConfig

MAX_QUESTION_CHARS = 4_000
REWRITE_PIECES = 48
"""Of a rewrite, as the model sends it: about a token each. Providers differ in how a limit is told them."""
EXACT_LIMIT = 20_000
"""Passages up to which a reader scans the catalogue rather than open Chroma, which takes about a second."""


class Assistant:
    """Answers questions from a library. Use as a context manager, or call `close`."""

    def __init__(
        self, library: Library, embedder: Embedder, chat_model: ChatModel | None, settings: Settings
    ) -> None:
        """Join the parts; see `open`.

        Raises:
            LibraryIncompatible: the library was made with another embedder.
        """
        library.require(embedder.fingerprint)
        self.library = library
        self.embedder = RememberingEmbedder(embedder)
        self.settings = settings
        self._chat_model = chat_model

    @classmethod
    def open(
        cls,
        library: str | os.PathLike[str] | None = None,
        *,
        settings: Settings | None = None,
        progress: Progress | None = None,
    ) -> Assistant:
        """Open a library for questions.

        Args:
            library: its folder; that of the settings when None.
            settings: from `load_settings`; read from the usual places when None.
            progress: called with (label, done, total) while model files are fetched.

        Raises:
            LibraryError: there is no library, or it cannot be used.
            ModelError: a model is not to be had.
            SettingsError: a setting is unknown or invalid.
        """
        settings = settings or load_settings()
        opened = Library.open(Path(library) if library is not None else settings.library)
        try:
            chat_model = make_chat_model(settings, progress)
            assistant = cls(opened, make_embedder(settings, progress), chat_model, settings)
            if len(opened) > EXACT_LIMIT:
                with suppress(LibraryInUse):  # then the exact scan answers, only more slowly
                    opened.open_index()
            return assistant
        except FootnoteError:
            opened.close()
            raise

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the model's process and close the library."""
        if self._chat_model is not None:
            self._chat_model.close()
        self.library.close()

    def warm(self) -> None:
        """Load in advance what a first question would wait for: index, embedder and model."""
        self.library.open_index()
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
        events = self.stream(question, history=history, within=within)
        return next(event.answer for event in events if isinstance(event, AnswerFinished))

    def standalone(self, question: str, history: Sequence[Turn]) -> str:
        """Return what a question asks after the turns of `history`: rewritten where a fast model can."""
        return self._follow_up(question, history).question

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        within: Collection[str] | None = None,
        config: RunnableConfig | None = None,
    ) -> Iterator[Event]:
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
        question = _valid(question)
        if not len(self.library):
            raise LibraryMissing(
                f"the library {self.library.path} is empty: fill it with 'footnote add PATH…'"
            )
        with stage(config, "follow_up", {"question": question, "turns": len(history)}) as run:
            asked = self._follow_up(question, history)
            run.outputs = partial(asdict, asked)
        with stage(config, "search", {"question": asked.question, "query": asked.query}) as run:
            scope = None if within is None else frozenset(within)
            found = search(self.library, self.embedder, asked, self.settings.passages, scope)
            run.outputs = found.told
        timings: dict[str, float | None] = {
            "retrieve_s": time.perf_counter() - started,
            "first_token_s": None,
        }
        if found.enough and self._chat_model is not None:
            self._chat_model.start()  # only now: loading a model would slow the search for the quotes
        yield EvidenceFound(found.quotes, found.passages, found.question)
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

    def as_retriever(self, k: int = 5) -> BaseRetriever:
        """Return a LangChain retriever; its documents carry uri, title, page, start and end in metadata."""
        from rag.langchain import PassageRetriever

        return PassageRetriever(library=self.library, embedder=self.embedder, k=k)

    def as_runnable(self) -> Runnable[Any, Answer]:
        """Return a LangChain Runnable from a question to its `Answer`.

        Its stream yields the `Answer` so far: first key quotes and passages, last the whole.
        """
        from rag.langchain import AnswerRunnable

        return AnswerRunnable(self)

    def _follow_up(self, question: str, history: Sequence[Turn]) -> FollowUp:
        quick = self._chat_model is not None and not self.settings.llm.startswith("local")
        return follow_up(question, history, self._rewritten if quick else None)

    def _rewritten(self, asked: list[tuple[str, str]]) -> str:
        """Return the model's rewrite of a follow-up, or nothing: the question can be searched without it."""
        assert self._chat_model is not None  # noqa: S101 - _follow_up() calls this only with a model
        try:
            return Writer(self._chat_model, self.settings, None).say(asked, REWRITE_PIECES)
        except ModelError:  # the answer's call will report it
            return ""


def _valid(question: str) -> str:
    stripped = question.strip().encode("utf-8", "replace").decode("utf-8")  # halves of characters go
    if not stripped:
        raise QuestionError(
            'the question is empty: write it between quotes, as in footnote ask "When did …?"'
        )
    if len(stripped) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(stripped):,} characters and may have {MAX_QUESTION_CHARS:,}: "
            "shorten it, or add the text as a document"
        )
    return stripped
