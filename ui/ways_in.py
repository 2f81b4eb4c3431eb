"""Changes of who may come in: users and API keys.

Their arguments and what they return are JSON values: a command asks the running Footnote for them by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from rag.library import Library
from rag.people.api_keys import ApiKeys
from rag.people.belongings import belongings, remove_belongings
from rag.people.users import Users


def add_user(library: Library, name: str, password: str) -> None:
    """Let somebody sign in."""
    Users(library.catalog).add(name, password)


def set_password(library: Library, name: str, password: str) -> None:
    """Change a password."""
    Users(library.catalog).set_password(name, password)


def remove_user(library: Library, name: str, everything: bool) -> dict[str, Any]:
    """Remove a user, and what is theirs if `everything`; return whether there was one, and how much it is."""
    gone = Users(library.catalog).remove(name)
    left = remove_belongings(library, name) if everything else belongings(library, name)
    return {"gone": gone, "left": asdict(left)}


def add_key(library: Library, name: str, user: str, a_minute: int) -> str:
    """Make an API key, and return its secret."""
    return ApiKeys(library.catalog).add(name, user, a_minute)


def remove_key(library: Library, name: str) -> None:
    """Remove an API key."""
    ApiKeys(library.catalog).remove(name)


CHANGES: Mapping[str, Callable[..., Any]] = {
    each.__name__: each for each in (add_user, set_password, remove_user, add_key, remove_key)
}
"""By their names."""
