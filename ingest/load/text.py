"""Plain text: kept as it is, but for its encoding and line ends."""

from __future__ import annotations

from ingest.limits import Limits
from ingest.load.decode import decode
from ingest.load.formats import media_type
from rag.types import Text


def load(data: bytes, name: str, _: Limits) -> Text:
    """Return the text of a plain text file."""
    return Text(text=decode(data, name), media_type=media_type(name))
