"""The command that makes a library equal to folders: ``footnote sync``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rag.errors import UsageError
from ui.options import AddressOption, EngineOption, JsonOption, LibraryOption, OcrOption, settings_for

commands = typer.Typer()


@commands.command(
    epilog="Examples:  footnote sync ~/papers --dry-run   ·   footnote sync ~/papers ~/notes   ·   "
    "footnote sync ~/papers --watch"
)
def sync(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR…", help="Folders, with all below.")],
    library: LibraryOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen and change nothing.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and sync after each change; Ctrl-C ends it.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Remove what is gone even if it is more than a third of the library, or a whole folder. "
            "With --watch this holds for the first run.",
        ),
    ] = False,
    ocr: OcrOption = None,
    engine: EngineOption = None,
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the library equal to folders: what is new, changed, moved or gone there is so here.

    Documents from elsewhere stay. Hidden files and links to folders are passed over.

    A file that cannot be read keeps its old version, and is tried again the next time.
    """
    from ui.syncing import Request, preview_and_report, sync_and_report

    if watch and (dry_run or as_json):
        raise UsageError("--watch goes on and on: leave out --dry-run and --json")
    settings = settings_for(library, ocr=ocr, engine=engine, ray_address=address)
    request = Request(settings, folders, confirmed=yes, as_json=as_json)
    console = Console(highlight=False, stderr=as_json)
    if watch:
        from ui.watching import watch_and_report

        failed = watch_and_report(console, request)
    else:
        failed = (preview_and_report if dry_run else sync_and_report)(console, request)
    if failed:
        raise typer.Exit(1)
