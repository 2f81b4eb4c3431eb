"""What answers the questions of a terminal: where its events come from, and what can be looked up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rich.console import Console

from rag.errors import ServerGone
from rag.library import Library
from rag.settings import Settings
from rag.types import Event, Turn
from ui.doing import Ask, answering
from ui.waiting import patiently


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
            library = stack.enter_context(Library.of(settings))
            asking = _Asking(notes, settings, warm=warm)
            stack.callback(asking.close)
            asking.open()
        yield Engine(library, asking)


class _Asking:
    """Asks whoever answers; once a running Footnote is gone, the next question looks for an answer anew."""

    def __init__(self, notes: Console, settings: Settings, *, warm: bool) -> None:
        self._notes = notes
        self._settings = settings
        self._warm = warm
        self._stack = ExitStack()
        self._ask: Ask | None = None

    def open(self) -> Ask:
        if self._ask is None:
            self._ask = self._stack.enter_context(answering(self._notes, self._settings, warm=self._warm))
        return self._ask

    def close(self) -> None:
        self._ask = None
        self._stack.close()

    def __call__(
        self, question: str, history: Sequence[Turn] = (), within: frozenset[str] | None = None
    ) -> Iterator[Event]:
        try:
            yield from self.open()(question, history, within)
        except ServerGone:
            self.close()
            raise
