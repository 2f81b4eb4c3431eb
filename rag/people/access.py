"""Who may see and change a document: what a user uploaded is that user's, the rest is everybody's (pure).

Whose a document is can be read from its place, so that it is as safe as the document itself: no backup,
repair or rebuilding of a library can part the two.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
"""Names that are the same in any file system, address and sorting."""

_PRIVATE = re.compile(rf"/uploads/@({USER_NAME.pattern})/")


def private_folder(user: str) -> str:
    """Return the name of the folder, in that of the uploads, in which a user's own files lie."""
    return f"@{user}"


def owner_of(uri: str) -> str:
    """Return the user whose document this is; empty where it is everybody's."""
    found = _PRIVATE.search(unquote(uri))
    return found[1] if found else ""


def may_read(uri: str, user: str) -> bool:
    """Return whether a user may see the document; nobody is asked who they are where `user` is empty."""
    return not user or owner_of(uri) in ("", user)


def may_change(uri: str, user: str) -> bool:
    """Return whether a user may rename or remove the document."""
    return not user or owner_of(uri) == user
