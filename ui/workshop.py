"""Where ``footnote eval`` makes its libraries, and shows how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ingest.pipeline import add
from rag.assistant import Assistant
from rag.errors import EvaluationError
from rag.evaluation.bench import Opened
from rag.evaluation.questions import Source
from rag.library import Library
from rag.maintenance.temporary import temporary_catalog
from rag.models import ChatModel, Embedder
from rag.settings import Settings
from rag.text.naming import path_of

T = TypeVar("T")

FEW = 20
"""Files up to which making a library is not worth a line of its own."""


class Shown:
    """Progress of one thing at a time; without a terminal, a line for each."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Shown:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def track(self, items: Sequence[T], what: str) -> Iterator[T]:
        """Yield the items and count them."""
        with self.counted(what, len(items)) as task:
            for item in items:
                yield item
                self._bar.advance(task)

    @contextmanager
    def counted(self, what: str, total: int) -> Iterator[TaskID]:
        """Show a task while the context lasts; one without a name stays unseen."""
        if what and not self._console.is_terminal:
            self._console.print(f"{what} ({total:,})…", markup=False, highlight=False)
        task = self._bar.add_task(what, total=total, visible=bool(what))
        try:
            yield task
        finally:
            self._bar.remove_task(task)

    def move(self, task: TaskID, done: int) -> None:
        """Set how much of a task is done."""
        self._bar.update(task, completed=done)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Makes libraries below `folder`, and opens the user's own."""

    folder: Path
    embedder: Embedder
    chat_model: ChatModel | None
    settings: Settings
    shown: Shown

    @contextmanager
    def build(self, sources: Sequence[Source], *, passages: int | None = None) -> Iterator[Opened]:
        """Write the sources as files, add them as ``footnote add`` does, and open the library."""
        settings = self.settings.model_copy(update={"passages": passages} if passages else {})
        with TemporaryDirectory(dir=self.folder) as at, temporary_catalog(settings) as settings:
            files = write(sources, Path(at) / "documents")
            with Library.of(settings.at(Path(at) / "library"), create=True) as library:
                self._fill(library, list(files))
                ids = {path.as_uri(): source for path, source in files.items()}
                with Assistant(library, self.embedder, self.chat_model, settings) as assistant:
                    yield Opened(assistant, ids)

    @contextmanager
    def own(self) -> Iterator[Opened]:
        """Open the library of the settings; a document's id is its path."""
        with Library.of(self.settings) as library:
            ids = {each.uri: str(path_of(each.uri) or each.uri) for each in library.documents()}
            with Assistant(library, self.embedder, self.chat_model, self.settings) as assistant:
                yield Opened(assistant, ids)

    def _fill(self, library: Library, files: Sequence[Path]) -> None:
        few = len(files) <= FEW
        with self.shown.counted("" if few else "building a library", len(files)) as task:
            outcomes = add(
                library,
                files,
                self.embedder,
                on_progress=lambda progress: self.shown.move(task, progress.done),
            )
        for outcome in outcomes:
            if outcome.kind == "failed":
                raise EvaluationError(f"a document of the question set cannot be added: {outcome.reason}")


def write(sources: Sequence[Source], folder: Path) -> dict[Path, str]:
    """Write each source as a text file whose name is its title, and return the files with their ids.

    Where a source has no title, its number is the name, as the file of an untitled note would have one.
    """
    files = {}
    for number, source in enumerate(sources, 1):
        path = folder / f"{number:05}" / f"{_name(source.title) or number}.txt"
        path.parent.mkdir(parents=True)
        path.write_text(f"{source.text}\n", "utf-8")
        files[path] = source.id
    return files


def _name(title: str) -> str:
    """Return what a file can be called: no separators or control characters, at most 200 bytes."""
    plain = "".join(c if c.isprintable() and c not in "/\\" else " " for c in title)
    return " ".join(plain.split()).encode("utf-8")[:200].decode("utf-8", "ignore").strip()
