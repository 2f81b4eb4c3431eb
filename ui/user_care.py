"""What the commands on users do, and what they say of it."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from rag.errors import UserError
from rag.library import Library
from rag.people.belongings import Belongings, belongings
from rag.people.users import Users, check_name, check_password
from rag.settings import Settings
from ui.doing import changed
from ui.options import print_json
from ui.ways_in import add_user, remove_user, set_password


def add_and_report(console: Console, settings: Settings, name: str, *, stdin: bool, take_over: bool) -> None:
    """Add a user; the library is made where there is none yet.

    Raises:
        UserError: the name or password will not do, the user is there, or an earlier one left something.
        LibraryInUse: another process holds the library, and cannot be asked.
    """
    check_name(name)
    with Library.of(settings, create=True) as library:
        if any(user.name == name for user in Users(library.catalog).all()):
            raise UserError(
                f"there is a user '{name}' already: change the password by 'footnote users password {name}'"
            )
        left = belongings(library, name)
        if left and not take_over:
            raise UserError(
                f"an earlier user '{name}' left {left}: give them to the new one by --take-over, or remove "
                f"them by 'footnote users remove {name} --with-everything'"
            )
    password = ask_password(name, stdin=stdin)
    changed(settings, "footnote users", add_user, name=name, password=password)
    _say(console, f"{name} can sign in now, once the chat runs with --auth")
    if left:
        _say(console, f"{name} finds {left} of an earlier user of that name")


def list_and_report(console: Console, settings: Settings, *, as_json: bool) -> None:
    """Show the users with what is theirs."""
    with Library.of(settings) as library:
        rows = [(user, belongings(library, user.name)) for user in Users(library.catalog).all()]
    if as_json:
        print_json([asdict(user) | asdict(theirs) for user, theirs in rows])
    elif rows:
        console.print(_table([(user.name, user.made_at, theirs) for user, theirs in rows]))
    else:
        console.print("There is no user yet: make one by 'footnote users add NAME'")


def change_password_and_report(console: Console, settings: Settings, name: str, *, stdin: bool) -> None:
    """Change a user's password.

    Raises:
        UserError: there is no such user, or the password will not do.
        LibraryInUse: another process holds the library, and cannot be asked.
    """
    with Library.of(settings) as library:
        Users(library.catalog).require(name)
    password = ask_password(name, stdin=stdin)
    changed(settings, "footnote users", set_password, name=name, password=password)
    _say(console, f"{name} has a new password, and has to sign in again everywhere")


def remove_and_report(console: Console, settings: Settings, name: str, *, everything: bool) -> None:
    """Remove a user, and with `everything` what is theirs.

    Raises:
        UserError: there is no such user, nor anything that one left.
        LibraryInUse: another process holds the library, and cannot be asked.
    """
    check_name(name)
    with Library.of(settings) as library:
        if not (everything and belongings(library, name)):
            Users(library.catalog).require(name)
    told = changed(settings, "footnote users", remove_user, name=name, everything=everything)
    left = Belongings(**told["left"])
    if told["gone"]:
        _say(console, f"{name} cannot sign in any more")
    if everything:
        _say(
            console,
            f"{left} removed; 'footnote remove --purge' leaves nothing of their text in the library's files"
            if left
            else "there was nothing else of theirs",
        )
    elif left:
        _say(
            console,
            f"{left} of theirs stay, unseen by others: remove them by "
            f"'footnote users remove {name} --with-everything'",
        )


def ask_password(name: str, *, stdin: bool) -> str:
    """Return a new password, asked for twice without showing it, or the first line of standard input.

    Raises:
        UserError: it will not do, the two differ, or there is nobody to ask.
    """
    if stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        check_password(name, password)
        return password
    if not sys.stdin.isatty():
        raise UserError(
            "there is no terminal to ask for the password: give it on standard input, with --stdin"
        )
    password = getpass.getpass(f"Password for {name}: ")
    check_password(name, password)
    if getpass.getpass("The same again: ") != password:
        raise UserError("the two passwords differ, and nothing was changed: run it again")
    return password


def _say(console: Console, words: str) -> None:
    """Print a sentence on one line, however narrow the terminal is, so that its command can be copied."""
    console.print(words, soft_wrap=True)


def _table(rows: list[tuple[str, str, Belongings]]) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("name", "since", "documents", "collections", "conversations"):
        table.add_column(name, justify="left" if name in ("name", "since") else "right")
    for name, since, theirs in rows:
        counts = (theirs.documents, theirs.collections, theirs.conversations)
        table.add_row(name, since, *map(str, counts))
    return table
