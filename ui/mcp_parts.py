"""What the tools stand on: open already, as in the chat's server, or opened while the client connects."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from rich.console import Console

from rag.assistant import Assistant
from rag.errors import FootnoteError
from rag.library import Library
from rag.models import make_chat_model, make_embedder
from rag.settings import Settings
from ui.answers import Answers
from ui.waiting import fetching

if TYPE_CHECKING:
    from rag.models import Embedder


class Parts(Protocol):
    """What the tools stand on; what is not open yet is waited for. Safe for threads."""

    @property
    def library(self) -> Library:
        """The library."""

    def assistant(self) -> Assistant:
        """Return who searches.

        Raises:
            LibraryError, ModelError: the embedder is not to be had, or not that of the library.
        """

    def answers(self) -> Answers:
        """Return who answers.

        Raises:
            LibraryError, ModelError: as `assistant` does, or the chat model is not to be had.
        """


class Opened:
    """Parts that are open already."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    @property
    def library(self) -> Library:
        """The library."""
        return self._answers.assistant.library

    def assistant(self) -> Assistant:
        """Return who searches."""
        return self._answers.assistant

    def answers(self) -> Answers:
        """Return who answers."""
        return self._answers


class Opening:
    """Parts that open when they are needed: a client waits for none of them before it may ask what there is.

    The library's lock is not taken, so that the chat and ``footnote add`` can go on: an exact scan answers in
    place of the index, which only one process may open. What cannot be opened is tried again when it is
    needed again.
    """

    def __init__(self, settings: Settings) -> None:
        """Open the library alone.

        Raises:
            LibraryError: there is none, or it cannot be read.
        """
        self.library = Library.of(settings)
        self._settings = settings
        self._lock = threading.Lock()
        self._embedder: Embedder | None = None
        self._assistant: Assistant | None = None
        self._answers: Answers | None = None

    def warm(self) -> None:
        """Begin to load what a search needs."""
        threading.Thread(target=self._warm, name="warm", daemon=True).start()

    def assistant(self) -> Assistant:
        """Return who searches; as `Parts` says."""
        with self._lock:
            if self._assistant is None:
                self._assistant = Assistant(self.library, self._embedded(), None, self._settings)
            return self._assistant

    def answers(self) -> Answers:
        """Return who answers; as `Parts` says."""
        with self._lock:
            if self._answers is None:
                embedder = self._embedded()
                with fetching(Console(stderr=True)) as progress:
                    model = make_chat_model(self._settings, progress)
                self._answers = Answers(Assistant(self.library, embedder, model, self._settings))
            return self._answers

    def close(self) -> None:
        """End the model's process and close the library."""
        if self._answers is not None:
            self._answers.stop_all()
            self._answers.assistant.close()
        self.library.close()

    def _embedded(self) -> Embedder:
        if self._embedder is None:
            with fetching(Console(stderr=True)) as progress:
                self._embedder = make_embedder(self._settings, progress)
        return self._embedder

    def _warm(self) -> None:
        with suppress(FootnoteError):  # the first call of a tool will tell
            self.assistant().embedder.warm()
