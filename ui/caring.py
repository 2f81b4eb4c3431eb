"""Checks, backups, changes of embedder and purges in the terminal: what is done, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from ingest.entry import identified
from rag.catalog import FILE
from rag.checking import Finding, check, repair
from rag.checking.finding import RESTORE, SALVAGE
from rag.checking.salvage import Lost, salvage
from rag.errors import LibraryDamaged
from rag.library import Library
from rag.maintenance.backup import Backup, require_file, write_backup
from rag.maintenance.restoring import restore
from rag.models import make_embedder
from rag.progress import Progress as Tell
from rag.reindexing import reindex
from rag.settings import Settings
from ui.options import print_json
from ui.waiting import fetching

_ROUNDS = 2
"""Of repairs: what stands on the catalogue is looked at once that is whole."""


def check_and_report(console: Console, settings: Settings, *, repair: bool, as_json: bool) -> bool:
    """Check the library, print what is wrong line by line, and return whether anything is."""
    with stages(console) as tell:
        found, done, summary = _looked_at(settings, tell, mend=repair)
        if repair and any(finding.repair == "catalogue" for finding in found):
            found, done = _salvaged(settings, tell)
            if done:
                left, more, summary = _looked_at(settings, tell, mend=True)
                found, done = found + left, done + more
    if as_json:
        print_json(
            {
                "library": settings.place,
                "well": not found,
                "findings": [finding.to_dict() for finding in found],
                "repaired": done,
            }
        )
        return bool(found)
    for line in done:
        _print(console, f"repaired: {line}")
    for finding in found:
        _print(console, f"{finding.area}: {finding.what}: {finding.advice}", style="red")
    if summary:
        state = f"{len(found)} to look at" if found else "all is well"
        _print(console, f"{state} · {summary} in {settings.place}", style="dim" if found else "")
    return bool(found)


def _looked_at(settings: Settings, tell: Tell, *, mend: bool) -> tuple[list[Finding], list[str], str]:
    """Return what is wrong with a library, what was done about it, and what it holds."""
    try:
        with Library.of(settings) as library:
            found, done = _checked(library, tell, mend=mend)
            return found, done, f"{_held(len(library.documents()), len(library))}, {_disk_use(library)}"
    except LibraryDamaged as error:
        if settings.catalog is not None:
            raise
        return [Finding("catalogue", f"it is damaged ({error.reason})", SALVAGE, "catalogue")], [], ""


def _salvaged(settings: Settings, tell: Tell) -> tuple[list[Finding], list[str]]:
    """Save what is whole of a damaged catalogue; return what is lost, and what was done."""
    try:
        saved = salvage(settings.library.expanduser(), identified, tell)
    except LibraryDamaged as error:
        return [Finding("catalogue", error.reason, RESTORE)], []
    with Library.of(settings) as library:
        library.open_index(lambda *n: tell("making the index", *n))
    n_all = saved.n_documents + len(saved.lost)
    how = "each as it was added" if saved.exact else "each whole as far as can be told"
    done = [
        f"saved {saved.n_documents} of {n_all} documents with {saved.n_passages} passages, {how}",
        f"kept the damaged catalogue as {saved.kept.name}: remove it when all is well",
    ]
    lost = [f"{_name(each)} is lost: {each.why}" for each in saved.lost]
    found = [Finding("catalogue", what, "add it again") for what in lost]
    if not saved.knows_embedder:
        what = "the name of the embedder that made its vectors is lost"
        found.insert(0, Finding("vectors", what, "run 'footnote reindex'"))
    return found, done


def _name(lost: Lost) -> str:
    named = f"{lost.title} ({lost.uri})" if lost.title and lost.uri else lost.title or lost.uri
    return named or "a document whose name cannot be read"


def _checked(library: Library, tell: Tell, *, mend: bool) -> tuple[list[Finding], list[str]]:
    found = check(library, tell)
    done: list[str] = []
    for _ in range(_ROUNDS if mend else 0):
        if not (did := repair(library, found, tell)):
            break
        done += did
        found = check(library, tell)
    return found, done


def backup_and_report(console: Console, settings: Settings, file: Path) -> None:
    """Back the library up, and print what the file holds."""
    require_file(settings)
    file = file.expanduser()
    with Library.of(settings) as library, stages(console) as tell:
        made = write_backup(library.path / FILE, file, tell)
    _print(console, f"backed up {_of(made)} to {file} ({_megabytes(file.stat().st_size)}), and read it back")


def restore_and_report(console: Console, settings: Settings, file: Path, *, replace: bool) -> None:
    """Restore a backup, make the index, and print what the library holds now."""
    require_file(settings)
    file = file.expanduser()
    with stages(console) as tell:
        backup = restore(file, settings.library.expanduser(), replace=replace, progress=tell)
        with Library.of(settings) as library:
            library.open_index(lambda *n: tell("making the index", *n))
    _print(console, f"restored {_of(backup)} of {backup.made_at} to {settings.library}")


def reindex_and_report(console: Console, settings: Settings, lasting: Settings, *, again: bool) -> None:
    """Change the embedder, and print how to keep it; `lasting` are the settings of other commands."""
    with Library.of(settings) as library:
        library.lock("footnote reindex")
        with fetching(console) as progress:
            embedder = make_embedder(settings, progress)
        with stages(console) as tell:
            made = reindex(library, embedder, again=again, progress=lambda *n: tell("embedding", *n))
            library.open_index(lambda *n: tell("making the index", *n))
    if made:
        _print(console, f"embedded {made} passages with {embedder.fingerprint}, which answers from now on")
    else:
        _print(console, f"the library has the vectors of {embedder.fingerprint}: --again makes them anew")
    if settings.embedder != lasting.embedder:
        _print(
            console,
            f'set embedder = "{settings.embedder}" in footnote.toml, or FOOTNOTE_EMBEDDER: '
            "the other commands go by it",
        )


def purge_and_report(console: Console, library: Library) -> None:
    """Purge the library, and print what that means."""
    with stages(console) as tell:
        tell("removing what is left", 0, 0)
        library.purge()
    _print(
        console,
        f"nothing of what was removed is left in {library.catalog.place}; backups elsewhere still hold it",
    )


@contextmanager
def stages(console: Console) -> Iterator[Tell]:
    """Show the stage at hand and how far it is, in a terminal; yields the callback that moves it."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("opening the library", total=None)

        def tell(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total or None)

        yield tell


def _disk_use(library: Library) -> str:
    catalogue = sum(file.stat().st_size for file in library.path.glob(f"{FILE}*"))
    told = "on PostgreSQL" if library.catalog.shared else _megabytes(catalogue)
    return f"catalogue {told}, {library.told_of_index()}"


def _of(backup: Backup) -> str:
    return _held(backup.n_documents, backup.n_passages)


def _held(n_documents: int, n_passages: int) -> str:
    return f"{n_documents} documents, {n_passages} passages"


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB"


def _print(console: Console, line: str, style: str = "") -> None:
    console.print(" ".join(line.split()), style=style, markup=False, soft_wrap=True)
