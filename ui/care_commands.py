"""The commands that care for a library: ``footnote check | backup | restore | reindex``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ui.options import JsonOption, LibraryOption, settings_for

commands = typer.Typer()


@commands.command(
    epilog="Examples:  footnote check   ·   footnote check --repair   ·   footnote check --json"
)
def check(
    library: LibraryOption = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Make again what can be; of a damaged catalogue, save what is whole."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Look for all that may be wrong with the library, its files and its disk use; exit 1 if something is."""
    from ui.caring import check_and_report

    if check_and_report(Console(highlight=False), settings_for(library), repair=repair, as_json=as_json):
        raise typer.Exit(1)


@commands.command(epilog="Example:  footnote backup ~/backups/library-2026-11.backup")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An earlier backup there is replaced.")],
    library: LibraryOption = None,
) -> None:
    """Back the library up to one file, while others use it; the file is read back before it counts."""
    from ui.caring import backup_and_report

    backup_and_report(Console(highlight=False), settings_for(library), file)


@commands.command(epilog="Example:  footnote restore library-2026-11.backup --library ~/work-library")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that 'footnote backup' wrote.")],
    library: LibraryOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of what the library holds.")
    ] = False,
) -> None:
    """Make a library from a backup; one that holds documents is left alone without --replace."""
    from ui.caring import restore_and_report

    restore_and_report(Console(highlight=False), settings_for(library), file, replace=replace)


@commands.command(epilog="Example:  footnote reindex --embedder ~/models/bge-small-en")
def reindex(
    library: LibraryOption = None,
    embedder: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default="as in the settings",
            help="minilm, or the folder of a sentence-transformers model.",
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Embed anew even if the library has this embedder's vectors.")
    ] = False,
) -> None:
    """Change the library to another embedder; the old one answers until the new vectors are complete."""
    from ui.caring import reindex_and_report

    reindex_and_report(
        Console(highlight=False), settings_for(library, embedder=embedder), settings_for(library), again=again
    )
