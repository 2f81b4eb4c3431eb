"""``footnote eval --draft``: candidate questions about the user's own documents, as lines to edit."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

from rag.errors import EvaluationError, LibraryMissing, SettingsError, StorageError
from rag.evaluation.draft import Attempt, Draft, draft
from rag.library import Library
from rag.models import ChatModel, make_chat_model, make_embedder
from rag.settings import Settings
from ui.waiting import counting, fetching


def draft_and_report(console: Console, settings: Settings, n: int, seed: int, out: Path | None) -> int:
    """Write up to `n` questions, a JSON object a line, and return how many there are.

    Args:
        console: shows progress and what became of the passages; on standard error where `out` is None.
        settings: name the library and the model.
        n: how many are wanted.
        seed: the same seed takes the same passages.
        out: a new file; standard output when None.

    Raises:
        EvaluationError: the file is there already.
        LibraryError: there is no library, or nothing in it.
        ModelError: the model is not to be had or does not answer.
        SettingsError: the settings name no model.
        StorageError: the file cannot be written.
    """
    if settings.llm == "none":
        raise SettingsError(
            "no model to write questions: 'llm' is none; set it to local, or pass --llm local"
        )
    seen: list[Attempt] = []
    with Library.of(settings) as library:
        if not len(library):
            raise LibraryMissing(
                f"the library {library.catalog.place} is empty: fill it with 'footnote add PATH…'"
            )
        with _opened(out) as file:
            with fetching(console) as progress:
                embedder = make_embedder(settings, progress)
                library.require(embedder.fingerprint)
                chat_model = make_chat_model(settings, progress)
            assert chat_model is not None  # noqa: S101 - only "none" has no model
            with _closed(chat_model), counting(console) as bar:
                task = bar.add_task("writing questions", total=n)

                def attempted(attempt: Attempt) -> None:
                    seen.append(attempt)
                    bar.update(task, completed=attempt.kept, description=f"asking about {attempt.title}")

                drafts = draft(library, embedder, chat_model, settings, n, seed=seed, on_attempt=attempted)
                written = [_write(file, each) for each in drafts]
    console.print(_summary(written, seen, n, out))
    return len(written)


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    """Open a new file, which goes again if nothing is written into it."""
    if out is None:
        yield sys.stdout
        return
    try:
        file = out.open("x", encoding="utf-8")
    except FileExistsError:
        raise EvaluationError(f"{out} is there already: name another file, or remove it first") from None
    except OSError as error:
        raise StorageError(f"cannot write {out}: {error.strerror}; name another file") from error
    try:
        with file:
            yield file
    finally:
        if out.exists() and not out.stat().st_size:
            out.unlink()


@contextmanager
def _closed(chat_model: ChatModel) -> Iterator[None]:
    try:
        yield
    finally:
        chat_model.close()


def _write(file: TextIO, each: Draft) -> Draft:
    """Write a draft at once, so that what is made stays when the rest is stopped."""
    try:
        file.write(json.dumps(each.to_dict(), ensure_ascii=False) + "\n")
        file.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(f"cannot write the questions: {error.strerror}; make room") from error
    return each


def _summary(written: list[Draft], seen: list[Attempt], n: int, out: Path | None) -> Text:
    said = Text(f"{len(written)} of {n} questions", style="bold")
    said.append(f" from {len(seen)} passages" + (f", in {out}" if out else ""), style="not bold")
    faults = Counter(attempt.fault for attempt in seen if attempt.fault)
    for fault, count in faults.most_common():
        said.append(f"\n  {count} × {fault}", style="dim not bold")
    if len(written) < n:
        said.append(
            "\nThe library gave no more: add documents, or take another --seed.", style="not bold yellow"
        )
    if missed := sum(not each.found for each in written):
        said.append(f'\n{missed} to look at first: they have a note under "check".', style="not bold yellow")
    if out and written:
        said.append(f"\nEdit them, then run: footnote eval {out}", style="not bold")
    return said
