"""The commands on who may sign in to the chat: ``footnote users add | list | password | remove``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ui.options import JsonOption, LibraryOption, settings_for

users = typer.Typer(
    no_args_is_help=True,
    help="Who may sign in to 'footnote chat --auth'.",
    epilog="Example:  footnote users add anna   then   footnote chat --auth --host 0.0.0.0",
)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Small letters, digits, dots, dashes, underscores; at most 32.")
]
StdinOption = Annotated[
    bool,
    typer.Option("--stdin", help="Read the password from the first line of standard input, for scripts."),
]


@users.command(
    epilog="Examples:  footnote users add anna   ·   pass show anna | footnote users add anna --stdin"
)
def add(
    name: NameArgument,
    library: LibraryOption = None,
    stdin: StdinOption = False,
    take_over: Annotated[
        bool,
        typer.Option("--take-over", help="Give them what an earlier user of this name left in the library."),
    ] = False,
) -> None:
    """Let somebody sign in; asks for a password of at least 12 characters, twice."""
    from ui.user_care import add_and_report

    add_and_report(Console(highlight=False), settings_for(library), name, stdin=stdin, take_over=take_over)


@users.command("list", epilog="Example:  footnote users list --json | jq -r '.[].name'")
def list_(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List who may sign in, and how much of the library is theirs."""
    from ui.user_care import list_and_report

    list_and_report(Console(highlight=False), settings_for(library), as_json=as_json)


@users.command(epilog="Example:  footnote users password anna")
def password(name: NameArgument, library: LibraryOption = None, stdin: StdinOption = False) -> None:
    """Change somebody's password; whoever is signed in by that name is signed out."""
    from ui.user_care import change_password_and_report

    change_password_and_report(Console(highlight=False), settings_for(library), name, stdin=stdin)


@users.command(
    epilog="Examples:  footnote users remove anna   ·   footnote users remove anna --with-everything"
)
def remove(
    name: NameArgument,
    library: LibraryOption = None,
    with_everything: Annotated[
        bool,
        typer.Option(
            "--with-everything", help="Remove their uploads, collections and conversations as well."
        ),
    ] = False,
) -> None:
    """Let somebody sign in no more; what they added and asked stays until it is removed as well."""
    from ui.user_care import remove_and_report

    remove_and_report(Console(highlight=False), settings_for(library), name, everything=with_everything)
