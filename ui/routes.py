"""Our own HTTP routes: health, and the documents, which are named by id and never by path."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse

from rag.errors import (
    CollectionNotFound,
    ConversationBusy,
    ConversationNotFound,
    DocumentNotFound,
    FootnoteError,
    LibraryInUse,
    LibraryMissing,
    LimitExceeded,
    LoadError,
    ModelUnavailable,
    OriginalGone,
    UnknownFormat,
    UploadNotFound,
    UsageError,
)
from ui.settings_view import render_settings
from ui.visitors import documents_for, visitor

if TYPE_CHECKING:
    from rag.assistant import Assistant


def add_routes(app: FastAPI, assistant: Assistant) -> None:
    """Add the routes to the application."""
    library = assistant.library

    app.add_exception_handler(FootnoteError, explain)

    @app.get("/health")
    def health(request: Request) -> dict[str, Any]:
        seen = documents_for(library, visitor(request))
        return {
            "status": "ok",
            "documents": len(seen),
            "passages": sum(document.n_passages for document in seen),
            "model": assistant.model,
        }

    @app.get("/view/settings", response_class=HTMLResponse)
    def settings() -> str:
        return render_settings(assistant.settings)

    @app.get("/documents")
    def documents(request: Request) -> list[dict[str, Any]]:
        return [document.to_dict() for document in documents_for(library, visitor(request))]


def explain(_request: Request, error: Exception) -> JSONResponse:
    """Return what a request gets that failed with an error of ours."""
    assert isinstance(error, FootnoteError)  # noqa: S101 - registered for nothing else
    return JSONResponse({"detail": str(error)}, status_of(error), again_of(error))


def again_of(error: FootnoteError) -> dict[str, str] | None:
    """Return the header that says when to try again, for what is busy."""
    if status_of(error) != 503:
        return None
    known = error.again_s if isinstance(error, ModelUnavailable) else None
    return {"Retry-After": str(_AGAIN_S if known is None else math.ceil(known))}


_AGAIN_S = 2
"""Seconds after which what is busy may be tried again."""

_STATUSES = {
    DocumentNotFound: 404,
    CollectionNotFound: 404,
    ConversationNotFound: 404,
    ConversationBusy: 409,
    UploadNotFound: 404,
    LibraryMissing: 404,
    OriginalGone: 410,
    LimitExceeded: 413,
    UnknownFormat: 415,
}


def status_of(error: FootnoteError) -> int:
    """Return the status of the reply that tells an error."""
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return status
    if isinstance(error, UsageError | LoadError):
        return 422
    return 503 if isinstance(error, LibraryInUse) or error.retryable else 500
