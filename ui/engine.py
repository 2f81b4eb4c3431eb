"""What answers the questions of a terminal: where its events come from, and what can be looked up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console

from rag.library import Library
from rag.settings import Settings
from rag.types import Event, Turn
from ui.waiting import fetching, patiently


class Ask(Protocol):
    """Asks a question, and yields the events of its answer."""

    def __call__(
        self, question: str, history: Sequence[Turn] = (), within: frozenset[str] | None = None
    ) -> Iterator[Event]:
        """Raise what `Assistant.stream` raises."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An open library, and what answers from it."""

    library: Library
    ask: Ask


@contextmanager
def opened(settings: Settings, notes: Console, *, warm: bool = False) -> Iterator[Engine]:
    """Open a library, and what answers questions of it.

    Args:
        settings: name the library and the models.
        notes: where it is said what that takes.
        warm: begin to load the model before there is a question.

    Raises:
        LibraryError, ModelError: as `Assistant.open` does.
    """
    with ExitStack() as stack:
        with patiently(notes, "opening the library"):
            library = stack.enter_context(Library.open(settings.library))
            ask = stack.enter_context(answering(notes, settings, warm=warm))
        yield Engine(library, ask)


@contextmanager
def answering(notes: Console, settings: Settings, *, warm: bool) -> Iterator[Ask]:
    """Yield what asks questions of the library; see `opened`."""
    from rag.assistant import Assistant

    with fetching(notes) as progress:
        assistant = Assistant.open(settings=settings, progress=progress)
    with assistant:
        if warm and assistant.chat_model is not None:
            assistant.chat_model.start()
        yield lambda question, history=(), within=None: assistant.stream(
            question, history=history, within=within
        )
