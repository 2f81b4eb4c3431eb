"""A file as a download: never shown by the browser, sent piece by piece."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from io import BufferedReader
from urllib.parse import quote

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ui.uploads import safe_name

_PIECE = 1 << 18
_PLAIN = re.compile(r"[^A-Za-z0-9 ._()-]")


class Download(StreamingResponse):
    """The bytes of an open file, which is closed at the end, however that comes."""

    def __init__(self, file: BufferedReader, name: str) -> None:
        self._file = file
        length = os.fstat(file.fileno()).st_size
        super().__init__(
            _pieces(file, length),
            headers={"Content-Disposition": disposition(name), "Content-Length": str(length)},
            media_type="application/octet-stream",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file; of a HEAD request, only what there is to say of it."""
        try:
            if scope["method"] == "HEAD":
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await send({"type": "http.response.body", "body": b""})
            else:
                await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def disposition(name: str) -> str:
    """Return the header that makes a file of this name be kept, as RFC 6266 writes it (pure).

    The plain name is for old browsers; both are safe as names of files.
    """
    safe = safe_name(name)
    stem, dot, suffix = _PLAIN.sub("_", safe).rpartition(".")
    plain = f"{stem}{dot}{suffix}".strip(" .") or "document"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _pieces(file: BufferedReader, length: int) -> Iterator[bytes]:
    """Yield so many bytes; a file that shrinks meanwhile ends the transfer short, which the browser tells."""
    left = length
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        left -= len(piece)
        yield piece
