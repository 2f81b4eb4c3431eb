"""What the commands do: by the Footnote that runs on the library, or by themselves where none runs.

An answer needs no lock: a command whose settings are others than those of the running Footnote answers by
itself, and says so. What writes needs it, and is then refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console

from rag.errors import LibraryInUse
from rag.settings import Settings
from rag.types import Event, Turn
from ui.local_client import Added
from ui.local_forms import ADDING, ASKING
from ui.running import Found, running
from ui.stopping import Stop, gentle_stop
from ui.terminal import words
from ui.waiting import fetching

if TYPE_CHECKING:
    from ingest.outcomes import Outcome, Progress
    from ingest.sync import Report, Survey
    from rag.models import Embedder


class Ask(Protocol):
    """Asks a question, and yields the events of its answer."""

    def __call__(
        self, question: str, history: Sequence[Turn] = (), within: frozenset[str] | None = None
    ) -> Iterator[Event]:
        """Raise what `Assistant.stream` raises, and `ServerGone`."""


@contextmanager
def answering(notes: Console, settings: Settings, *, warm: bool = False) -> Iterator[Ask]:
    """Yield what asks questions of the library.

    Args:
        notes: where it is said what is fetched, waited for, or done by itself although a Footnote runs.
        settings: the command's.
        warm: begin to load a model of its own before there is a question.

    Raises:
        FootnoteError: as `Assistant.open` does.
    """
    found = running(settings, ASKING)
    if found.server is not None:
        yield partial(found.server.ask, on_place=partial(_tell_place, notes, "answer"))
        return
    if found.objection:
        said = f"Answering without the Footnote that runs on this library: {found.objection}."
        notes.print(words(said, "dim"), soft_wrap=True)
    from rag.assistant import Assistant

    with fetching(notes) as progress:
        assistant = Assistant.open(settings=settings, progress=progress)
    with assistant:
        if warm and assistant.chat_model is not None:
            assistant.chat_model.start()
        yield lambda question, history=(), within=None: assistant.stream(
            question, history=history, within=within
        )


def added(
    console: Console,
    settings: Settings,
    paths: Sequence[Path],
    *,
    on_outcome: Callable[[Outcome], None],
    bar: Callable[[], Callable[[Progress], None]],
) -> tuple[Added, Stop]:
    """Add files and folders, and return whether a signal ended it early: what was at hand is finished then.

    Args:
        console: where it is said what is fetched or waited for.
        settings: the command's; its limits hold.
        paths: relative ones are of this process's folder.
        on_outcome: called with each outcome once it is certain.
        bar: begins to show how far it is, and returns what moves that.

    Raises:
        FootnoteError: as `ingest.pipeline.add` does, and `ServerGone`.
    """
    from ingest.engines import engine_of
    from ingest.limits import Limits
    from rag.text.naming import absolute

    engine = engine_of(settings)
    limits = Limits.of(settings)
    found = _adding(settings)
    if found.server is not None:
        with gentle_stop() as stop:
            done = found.server.add(
                list(map(absolute, paths)),
                limits,
                on_progress=bar(),
                on_outcome=on_outcome,
                on_place=partial(_tell_place, console, "command"),
                stopping=lambda: bool(stop),
            )
        return done, stop
    from ingest.pipeline import add
    from rag.library import Library
    from rag.models import make_embedder

    with fetching(console) as fetched:
        embedder = make_embedder(settings, fetched)
    with (
        gentle_stop() as stop,
        explained(found.objection),
        Library.of(settings, create=True) as library,
    ):
        outcomes = add(
            library,
            paths,
            embedder,
            limits=limits,
            engine=engine,
            on_progress=bar(),
            on_outcome=on_outcome,
            stopping=lambda: bool(stop),
        )
        return Added(outcomes, len(library), stopped=bool(stop)), stop


def synced(
    console: Console,
    settings: Settings,
    looked: Survey,
    embedder: Callable[[], Embedder],
    *,
    confirmed: bool,
    tried: Mapping[Path, str | None] | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> tuple[Report, int]:
    """Make the library equal to folders; return the report, and how many passages there are then.

    Args:
        console: where it is said what is waited for.
        settings: the command's; its limits hold.
        looked: the folders.
        embedder: returns what makes the vectors; called where this process makes them.
        confirmed: remove what is gone, however much that is.
        tried: content hashes of files that failed just now; they are not tried again.
        on_progress: called before each file and at each stage.
        on_outcome: called with each outcome, as it comes.
        stopping: asked before each step; when true, the run ends.

    Raises:
        FootnoteError: as `ingest.sync.sync` does, and `ServerGone`.
    """
    from ingest.engines import engine_of
    from ingest.limits import Limits
    from ingest.sync import sync
    from rag.library import Library

    engine = engine_of(settings)
    limits = Limits.of(settings)
    found = _adding(settings)
    if found.server is not None:
        return found.server.sync(
            looked,
            limits,
            confirmed=confirmed,
            tried=tried,
            on_progress=on_progress,
            on_outcome=on_outcome,
            on_place=partial(_tell_place, console, "command"),
            stopping=stopping,
        )
    with explained(found.objection), Library.of(settings, create=True) as library:
        report = sync(
            library,
            looked,
            embedder,
            limits=limits,
            engine=engine,
            confirmed=confirmed,
            tried=tried,
            on_progress=on_progress,
            on_outcome=on_outcome,
            stopping=stopping,
        )
        return report, len(library)


def changed(settings: Settings, purpose: str, change: Callable[..., Any], **values: Any) -> Any:
    """Make one of the changes of `ui.ways_in`, and return what came of it; the library is made if need be.

    Raises:
        UserError, ApiKeyError: as the change does.
        LibraryInUse: another process holds the library, and cannot be asked.
        ServerGone: the running Footnote ended meanwhile.
    """
    from rag.library import Library

    found = running(settings)
    if found.server is not None:
        return found.server.change(change.__name__, values)
    with explained(found.objection), Library.of(settings, create=True) as library:
        library.lock(purpose)
        return change(library, **values)


@contextmanager
def explained(objection: str) -> Iterator[None]:
    """Add to the refusal of a library in use why the Footnote that runs on it could not be asked.

    Raises:
        LibraryInUse: the library is in use.
    """
    try:
        yield
    except LibraryInUse as error:
        if not objection:
            raise
        raise LibraryInUse(f"{error}; it cannot do this for you, as {objection}") from None


def _adding(settings: Settings) -> Found:
    """Look for a Footnote that adds for this command: it reads on its own machine only."""
    found = running(settings, ADDING)
    if found.server is not None and settings.engine != "local":
        return Found(None, f"it reads on its own machine and not by the engine {settings.engine}")
    return found


def _tell_place(notes: Console, noun: str, place: int) -> None:
    if place:
        before = f"one {noun}" if place == 1 else f"{place} {noun}s"
        notes.print(words(f"Waiting for {before} before this one…", "dim"), soft_wrap=True)
