"""The file of a request: its body, or the one file of a form."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from rag.errors import LimitExceeded, UsageError

_PIECE = 256 * 1024
_AROUND = 64 * 1024
"""Bytes that a form may have beside its file."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file on its way in: its name where a form tells one, its size as far as it is known, its bytes."""

    name: str
    size: int
    pieces: AsyncIterator[bytes]


@asynccontextmanager
async def sent_file(request: Request, most_bytes: int) -> AsyncIterator[Sent]:
    """Yield the file of a request, of which a form puts up to `most_bytes` on the disk meanwhile.

    Raises:
        UsageError: it is no form, or one without exactly one file.
        LimitExceeded: the form is larger.
        ClientDisconnect: it ended too early.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        yield Sent("", int(request.headers.get("content-length") or 0), request.stream())
        return
    form = MultiPartParser(request.headers, _counted(request, most_bytes), max_files=1, max_fields=10)
    try:
        fields = await form.parse()
    except (MultiPartException, KeyError) as error:
        raise UsageError(
            f"the form cannot be read ({error}): send one file, as curl -F file=@NAME does"
        ) from None
    try:
        files = [each for _, each in fields.multi_items() if isinstance(each, UploadFile)]
        if len(files) != 1:
            raise UsageError("there is no file in the form: send one, as curl -F file=@NAME does")
        yield Sent(files[0].filename or "", files[0].size or 0, _pieces(files[0]))
    finally:
        await fields.close()


async def _counted(request: Request, most_bytes: int) -> AsyncGenerator[bytes]:
    read = 0
    async for piece in request.stream():
        read += len(piece)
        if read > most_bytes + _AROUND:
            raise LimitExceeded(
                f"the form is larger than {most_bytes / 1e6:,g} MB: send less, or raise the setting "
                "'max_file_mb'"
            )
        yield piece


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece
