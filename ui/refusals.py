"""Refusals before any route has seen the request, in the form that its client reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

_API = re.compile(r"/(api/v1|v1|mcp)(/.*)?", re.DOTALL)


def is_api(path: str) -> bool:
    """Return whether a path is for programs, which are never shown a page."""
    return _API.fullmatch(path) is not None


def refusal(path: str, status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a refusal in words: for programs as JSON in ``detail``, for OpenAI's clients in their form."""
    if not path.startswith("/v1/"):
        return JSONResponse({"detail": words}, status, headers)
    code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(status, "refused")
    return JSONResponse({"error": error_form(status, words, code)}, status, headers)


def error_form(status: int, words: str, code: str, param: str | None = None) -> dict[str, str | None]:
    """Return an error as OpenAI's clients read it; `param` is the part of the request that is wrong."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"message": words, "type": kind, "param": param, "code": code}
