"""What answers the questions of a terminal: where its events come from, and what can be looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

from rag.library import Library
from rag.settings import Settings
from rag.types import Event, Turn
from ui.waiting import fetching, patiently

Source = Callable[[str, Sequence[Turn], frozenset[str] | None], Iterator[Event]]
"""From a question, the turns before it, and the ids of the documents to search, to the answer's events."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An open library, and what answers from it; `warm` begins to load what the first answer waits for."""

    library: Library
    events: Source
    warm: Callable[[], None]


@contextmanager
def opened(settings: Settings, aside: Console) -> Iterator[Engine]:
    """Open what answers questions; `aside` shows what that takes.

    Raises:
        LibraryError, ModelError: as `Assistant.open` does.
    """
    from rag.assistant import Assistant

    with patiently(aside, "opening the library"), fetching(aside) as progress:
        assistant = Assistant.open(settings=settings, progress=progress)

    def events(question: str, history: Sequence[Turn], within: frozenset[str] | None) -> Iterator[Event]:
        return assistant.stream(question, history=history, within=within)

    def warm() -> None:
        if assistant.chat_model is not None:
            assistant.chat_model.start()

    with assistant:
        yield Engine(assistant.library, events, warm)
