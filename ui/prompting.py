"""Lines of a conversation: typed with editing and history, or read from a pipe."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from rag.errors import FootnoteError, QuestionError
from ui.talking import Reader

if TYPE_CHECKING:
    from prompt_toolkit.history import History

LONGEST_PIPED = 1 << 20
"""Bytes of a question from standard input that are read; a question may have far fewer."""


def piped_question() -> str:
    """Return the question that standard input holds.

    Raises:
        QuestionError: it holds none.
    """
    question = sys.stdin.buffer.read(LONGEST_PIPED).decode("utf-8-sig", "replace")
    if not question.strip():
        raise QuestionError(
            'standard input holds no question: write it there, or as in footnote ask "When did …?"'
        )
    return question


def line_reader(offered: Callable[[str], Iterable[str]], *, plain: bool) -> Reader:
    """Return what reads the lines of a conversation.

    Args:
        offered: from the line before the cursor to what Tab makes of it.
        plain: whether nothing may be drawn again, as for a screen reader.
    """
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    if not sys.stdin.isatty():
        return _piped
    if plain:
        with suppress(ImportError):  # not in every Python; without it there is no history
            import readline  # noqa: F401 - input() edits lines once it is imported
        return _typed
    return _edited(offered)


def history_file() -> Path:
    """Return where the questions that were typed are kept, for the arrow keys."""
    return platformdirs.user_state_path("footnote", appauthor=False) / "questions"


def _piped(prompt: str) -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def _typed(prompt: str) -> str:
    if sys.stdout.isatty():
        return input(prompt)
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return input()


def _edited(offered: Callable[[str], Iterable[str]]) -> Reader:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document
    from prompt_toolkit.shortcuts import CompleteStyle

    class Offering(Completer):
        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
            line = document.text_before_cursor
            with suppress(FootnoteError):  # a library in trouble says so when it is asked
                for each in offered(line):
                    yield Completion(each, start_position=-len(line))

    session: PromptSession[str] = PromptSession(
        history=_kept(history_file()),
        completer=Offering(),
        complete_style=CompleteStyle.READLINE_LIKE,
        complete_while_typing=False,
        reserve_space_for_menu=0,
        enable_history_search=True,
    )

    def read(prompt: str) -> str:
        return session.prompt(prompt).encode("utf-8", "replace").decode("utf-8")

    return read


def _kept(path: Path) -> History:
    """Return the history in a file that is this user's alone; in memory where there can be none."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    class Kept(FileHistory):
        def store_string(self, string: str) -> None:
            with suppress(OSError, UnicodeError):  # no reason to lose the question itself
                super().store_string(string)

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError:
        return InMemoryHistory()
    return Kept(path)
