"""Documents into a library, from a program."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import pipeline
from ingest.engines import engine_of
from ingest.limits import Limits
from ingest.outcomes import Outcome, Progress
from rag.errors import SettingsError
from rag.library import Library
from rag.models import Embedder, make_embedder
from rag.settings import Settings
from rag.settings_layers import load_settings

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Place = str | os.PathLike[str]


def add(
    library: Library | Place,
    paths: Place | Iterable[Place],
    *,
    settings: Settings | None = None,
    embeddings: Embedder | Embeddings | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Add files and folders to a library, as ``footnote add`` does; what has not changed is left alone.

    Each document is one transaction: when its outcome is reported, it is safe on disk. A file that cannot be
    read is an outcome of the kind ``failed`` with its reason, and no exception.

    Args:
        library: its folder, which is made when it is not there; or one that is open, which stays open.
        paths: files, and folders that are walked to their ends.
        settings: from `rag.load_settings`; read from the usual places when None.
        embeddings: in place of the embedder of the settings: any of LangChain's. The library is then asked
            with the same ones.
        on_progress: called before each file and at each stage.
        on_outcome: called with each outcome as soon as it is certain.

    Returns:
        One outcome for each file, then the folders that could not be listed.

    Raises:
        LibraryError: the library cannot be written: in use, no space, another embedder.
        ModelError: the embedder is not to be had.
        SettingsError: a setting is unknown or invalid.
    """
    settings = settings or load_settings()
    if embeddings is not None and settings.engine != "local":
        raise SettingsError(
            "embeddings of a program are not on other machines: leave out the setting 'engine'"
        )
    engine = engine_of(settings)
    named = [paths] if isinstance(paths, str | os.PathLike) else paths
    with ExitStack() as stack:
        if not isinstance(library, Library):
            library = stack.enter_context(Library.of(settings.at(library), create=True))
        return pipeline.add(
            library,
            [Path(path) for path in named],
            make_embedder(settings, given=embeddings),
            limits=Limits.of(settings),
            engine=engine,
            on_progress=on_progress,
            on_outcome=on_outcome,
        )
