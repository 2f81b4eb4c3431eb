"""The commands on what is in a library: ``footnote add | list | show | remove``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ui.completing import offered_documents
from ui.options import (
    AddressOption,
    DocumentArgument,
    EngineOption,
    JsonOption,
    LibraryOption,
    OcrOption,
    print_json,
    settings_for,
    write_text,
)

commands = typer.Typer()


@commands.command(
    epilog="Examples:  footnote add report.pdf notes/ --library ~/work-library   ·   "
    "footnote add /archive --engine ray --address 10.0.0.5:6379"
)
def add(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, and folders with all below.")],
    library: LibraryOption = None,
    ocr: OcrOption = None,
    engine: EngineOption = None,
    address: AddressOption = None,
) -> None:
    """Add files and folders; what has not changed is left alone, a changed file replaces its old version."""
    from ui.adding import add_and_report

    settings = settings_for(library, ocr=ocr, engine=engine, ray_address=address)
    if code := add_and_report(Console(), settings, paths):
        raise typer.Exit(code)


@commands.command("list", epilog="Example:  footnote list --json | jq '.[].title'")
def list_(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the documents of the library."""
    from rag.library import Library
    from ui.terminal import documents_table

    with Library.of(settings_for(library)) as opened:
        documents = opened.documents()
    if as_json:
        print_json([document.to_dict() for document in documents])
    elif documents:
        Console(highlight=False).print(documents_table(documents))
    else:
        Console().print("The library is empty: add to it by 'footnote add PATH…'")


@commands.command(epilog="Example:  footnote show report.pdf --text | less")
def show(
    document: DocumentArgument,
    library: LibraryOption = None,
    text: Annotated[
        bool, typer.Option("--text", help="Print the extracted text and nothing else; offsets point into it.")
    ] = False,
) -> None:
    """Show a document's facts, or its text."""
    from ingest.scans import note_of
    from rag.library import Library
    from ui.terminal import words

    with Library.of(settings_for(library)) as opened:
        found = opened.find(document)
        if text:
            write_text(opened.text(found.id))
            return
        facts = found.to_dict() | {"note": note_of(opened, found)}
    console = Console(highlight=False)
    for name, value in facts.items():
        if value is not None:
            console.print(f"[bold]{name:<11}[/bold]", end=" ")
            console.print(words(str(value)), soft_wrap=True)


@commands.command(epilog="Example:  footnote remove report.pdf 3f2a9c --purge")
def remove(
    documents: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOC…",
            show_default=False,
            help="Ids, paths, file names or titles.",
            autocompletion=offered_documents,
        ),
    ] = None,
    library: LibraryOption = None,
    purge: Annotated[
        bool,
        typer.Option(
            "--purge", help="Leave nothing of their text, nor of what was removed before, in the library."
        ),
    ] = False,
) -> None:
    """Remove documents from the library; the files themselves stay."""
    from ui.removing import remove_and_report

    if not documents and not purge:
        raise typer.BadParameter("name the documents to remove")
    remove_and_report(Console(highlight=False), settings_for(library), documents or (), purge=purge)
