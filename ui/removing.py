"""``footnote remove``: a line for each document that is gone."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from rag.library import Library
from rag.settings import Settings
from ui.caring import purge_and_report
from ui.doing import explained
from ui.running import running
from ui.terminal import words


def remove_and_report(console: Console, settings: Settings, names: Sequence[str], *, purge: bool) -> None:
    """Remove documents, and print which; with `purge`, leave nothing of what was ever removed.

    A purge is not left to a Footnote that runs: what was removed is also in the memory of its index.

    Raises:
        DocumentNotFound: a name fits none, or several.
        LibraryInUse: another process holds the library.
        ServerGone: the Footnote that runs on the library ended meanwhile.
    """
    with Library.of(settings) as library:
        found = {each.id: each for each in map(library.find, names)}

        def tell(document_id: str) -> None:
            console.print(words(f"removed {found[document_id].title}"))

        at_work = running(settings)
        if at_work.server is not None and not purge:
            at_work.server.remove(list(found), tell)
            return
        with explained(at_work.objection):
            for document_id in found:
                library.remove(document_id)
                tell(document_id)
            if purge:
                purge_and_report(console, library)
