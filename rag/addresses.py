"""Addresses and headers of servers, as settings give them (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PARTS = {"tenant", "database"}


def served_address(address: str) -> str:
    """Return the address of a Chroma server, as in ``https://host:port/path?tenant=NAME&database=NAME``.

    Raises:
        ValueError: it is none; the message does not repeat it, for there may be a password in it.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ValueError("no address as in http://127.0.0.1:8000")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a password in the address is seen by all: give it by 'chroma_headers'")
    given = parse_qs(parts.query, keep_blank_values=True)
    if not given.keys() <= _PARTS or any(len(values) > 1 or not values[0] for values in given.values()):
        raise ValueError("behind the question mark may stand tenant=NAME and database=NAME")
    return address.rstrip("/")


def header_pairs(value: object) -> object:
    """Return headers as pairs: from a table, or from the JSON of one, as the environment has it.

    Raises:
        ValueError: they are none; the message does not repeat them.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else {}
        except ValueError:
            raise ValueError("not JSON") from None
    if not isinstance(value, Mapping):
        return value
    for name, text in value.items():
        if not isinstance(name, str) or not _HEADER.fullmatch(name):
            raise ValueError("a name that no header can have")
        if not isinstance(text, str) or not text.isprintable() or not text.isascii():
            raise ValueError(f"the header {name} has no plain text as its value")
    return tuple(value.items())
