"""Errors of the routes for OpenAI's clients, in the form that these clients read."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from rag.errors import FootnoteError
from ui.answers import UNEXPECTED
from ui.refusals import error_form
from ui.routes import again_of, status_of

MOST_BYTES = 4 * 2**20
"""Largest body of a request: a question has 4,000 characters, a conversation rarely a hundred times that."""

_LOG = logging.getLogger(__name__)


class Refused(Exception):
    """A request that gets an error in OpenAI's form."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the status, the headers and the form; `param` is the part of the request that is wrong."""
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.form = {"error": error_form(status, message, code, param)}


class Route(APIRoute):
    """A route whose errors have OpenAI's form, and whose requests have a largest size."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what handles a request."""
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(Request(request.scope, _at_most(request.receive)))
            except Exception as error:  # the border of a request: its client reads only this form
                told = refused(error)
                if told.status == 500:
                    _LOG.exception("a request failed")
                return JSONResponse(told.form, told.status, told.headers)

        return answered


def refused(error: Exception) -> Refused:
    """Return what a client is told of an error; of an unknown one, only that it happened."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, HTTPException):  # FastAPI's, for a body that could not be read
        if isinstance(error.__cause__, Refused):
            return error.__cause__
        return Refused(error.status_code, str(error.detail), "invalid_request")
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if type(error) is FootnoteError or not isinstance(error, FootnoteError):
        return Refused(500, UNEXPECTED, "server_error")
    status = status_of(error)
    code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    return Refused(400 if status == 422 else status, str(error), code, headers=again_of(error))


def _invalid(error: RequestValidationError) -> Refused:
    first = error.errors()[0]
    param = ".".join(str(each) for each in first["loc"][1:])
    words = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        return Refused(400, f"the request is not JSON: {first['ctx']['error']}", "invalid_json")
    return Refused(400, f"{param or 'the request'}: {words}", "invalid_request", param or None)


def _at_most(receive: Receive) -> Receive:
    """Return a `receive` that refuses a body of more than `MOST_BYTES`."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            raise Refused(413, f"the request is larger than {MOST_BYTES:,} bytes: shorten it", "too_large")
        return message

    return limited
