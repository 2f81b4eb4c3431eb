"""Looks for a Footnote that runs on a library and can do what a command wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.settings import Settings
from ui.local_client import Server
from ui.local_file import found, own_version
from ui.local_forms import difference


@dataclass(frozen=True, slots=True)
class Found:
    """The running Footnote that a command can ask, or why it cannot ask the one that runs; or neither."""

    server: Server | None = None
    objection: str = ""


def running(settings: Settings, names: Sequence[str] = ()) -> Found:
    """Look for a Footnote that runs on the library of the settings, and is as the command wants it.

    Args:
        settings: the command's.
        names: the settings that have to be the same where they are given.
    """
    door = found(settings.library.expanduser())
    if door is None:
        return Found()
    if door.version != own_version():
        return Found(None, f"it is version {door.version}, and this is {own_version()}")
    server = Server(door)
    theirs = server.settings()
    if theirs is None:
        return Found()
    differs = difference(settings, {"catalog", *names}, theirs, door.secret)
    return Found(None, differs) if differs else Found(server)
