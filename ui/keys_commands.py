"""The commands on what programs come in by: ``footnote keys add | list | remove``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ui.options import JsonOption, LibraryOption, settings_for

keys = typer.Typer(
    no_args_is_help=True,
    help="API keys, by which programs ask the server of 'footnote chat'.",
    epilog="Example:  footnote keys add nightly --user anna",
)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Small letters, digits, dots, dashes, underscores; at most 32.")
]


@keys.command(
    epilog="Examples:  footnote keys add kiosk   ·   footnote keys add nightly --user anna --a-minute 600"
)
def add(
    name: NameArgument,
    user: Annotated[
        str,
        typer.Option(
            metavar="USER", show_default=False, help="For whom it stands [default: nobody, changes nothing]."
        ),
    ] = "",
    a_minute: Annotated[
        int | None,
        typer.Option(
            "--a-minute", metavar="N", show_default="60", help="Questions that it may ask in a minute."
        ),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key, and show it: this once, as only its hash is kept."""
    from ui.key_care import add_and_report

    add_and_report(settings_for(library), name, user, a_minute, as_json=as_json)


@keys.command("list", epilog="Example:  footnote keys list --json | jq -r '.[].name'")
def list_(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the keys, for whom each stands, and what it may."""
    from ui.key_care import list_and_report

    list_and_report(Console(highlight=False), settings_for(library), as_json=as_json)


@keys.command(epilog="Example:  footnote keys remove nightly")
def remove(name: NameArgument, library: LibraryOption = None) -> None:
    """Let nobody in by a key any more."""
    from ui.key_care import remove_and_report

    remove_and_report(Console(highlight=False), settings_for(library), name)
