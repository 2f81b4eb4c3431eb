"""The way of a question: evidence first, then an answer whose every sentence is checked."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from rag.answer.writer import Writer
from rag.assistant_parts import AssistantParts
from rag.async_doors import AsyncDoors
from rag.doors import LangChainDoors
from rag.question import valid
from rag.retrieval.followup import FollowUp, follow_up, recent
from rag.stages import stage
from rag.stopwatch import Stopwatch
from rag.types import Answer, AnswerFinished, Event, EvidenceFound, FoundPassage, Turn

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig


class Assistant(AssistantParts, LangChainDoors, AsyncDoors):
    """Answers questions from a library, or from what a retriever finds.

    Use as a context manager, with or without `async`, or call `close`. Safe for threads.
    """

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
        # only now: the quotes do not wait for it
        from rag.answering import Outcome, answer, quoted
        from rag.retrieval.search import completed

        outcome = Outcome(found) if self._chat_model is not None else quoted(found)
        if found.enough and self._chat_model is not None:
            with stage(config, "answer", {"question": found.question}) as run:
                writer = Writer(self._chat_model, self.settings, run.config)
                whole = completed(found, self.embedder)
                for event in answer(whole, writer, self.embedder, history):
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
