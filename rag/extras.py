"""What only some need: whether its packages are there, and how to get them where they are not."""

from __future__ import annotations

import importlib.util

from rag.errors import MissingExtra


def require(extra: str, purpose: str, *modules: str) -> None:
    """Make sure that modules of an extra can be imported, without importing them.

    Args:
        extra: its name, as in ``pip install 'footnote[server]'``.
        purpose: what needs it, as the message begins.
        *modules: top-level modules that it brings.

    Raises:
        MissingExtra: one is not installed; the message tells the command.
    """
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise missing_extra(extra, purpose, missing[0])


def missing_extra(extra: str, purpose: str, module: str | None) -> MissingExtra:
    """Return the error that names a module and the command that installs it."""
    return MissingExtra(f"{purpose} needs the Python package {module}: pip install 'footnote[{extra}]'")
