"""What the commands on API keys do, and what they say of it."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from rag.library import Library
from rag.people.api_keys import A_MINUTE, ApiKeys
from rag.settings import Settings
from ui.doing import changed
from ui.options import print_json
from ui.ways_in import add_key, remove_key


def add_and_report(settings: Settings, name: str, user: str, a_minute: int | None, *, as_json: bool) -> None:
    """Make a key; its secret alone goes to standard output, so that it can be piped on.

    Raises:
        ApiKeyError: the name or the limit will not do, or there is such a key.
        UserError: there is no such user.
        LibraryInUse: another process holds the library, and cannot be asked.
    """
    limit = A_MINUTE if a_minute is None else a_minute
    secret = changed(settings, "footnote keys", add_key, name=name, user=user, a_minute=limit)
    if as_json:
        print_json({"name": name, "user": user or None, "a_minute": limit, "key": secret})
        return
    sys.stdout.write(f"{secret}\n")
    whose = f"stands for {user}" if user else "stands for nobody, sees what everybody may see"
    _say(
        Console(stderr=True, highlight=False),
        f"the key {name} {whose}, and may ask {limit:,} questions a minute; "
        "keep it now: it is not shown again",
    )


def list_and_report(console: Console, settings: Settings, *, as_json: bool) -> None:
    """Show the keys; their secrets are nowhere."""
    with Library.of(settings) as library:
        known = ApiKeys(library.catalog).all()
    if as_json:
        print_json([key.to_dict() for key in known])
    elif known:
        table = Table(box=None, header_style="bold")
        for title in ("name", "user", "a minute", "since"):
            table.add_column(title, justify="right" if title == "a minute" else "left")
        for key in known:
            table.add_row(key.name, key.user or "-", f"{key.a_minute:,}", key.made_at)
        console.print(table)
    else:
        console.print("There is no key yet: make one by 'footnote keys add NAME'")


def remove_and_report(console: Console, settings: Settings, name: str) -> None:
    """Remove a key.

    Raises:
        ApiKeyError: there is no such key.
        LibraryInUse: another process holds the library, and cannot be asked.
    """
    changed(settings, "footnote keys", remove_key, name=name)
    _say(console, f"nobody comes in by the key {name} any more")


def _say(console: Console, words: str) -> None:
    """Print a sentence on one line, however narrow the terminal is."""
    console.print(words, soft_wrap=True)
