"""Our own HTTP routes: health, and the documents, which are named by id and never by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from rag.errors import (
    CollectionNotFound,
    DocumentNotFound,
    FootnoteError,
    LibraryInUse,
    LibraryMissing,
    LimitExceeded,
    UnknownFormat,
    UploadNotFound,
    UsageError,
)
from ui.reader import render_document
from ui.visitors import document_for, documents_for, visitor

if TYPE_CHECKING:
    from rag.assistant import Assistant


def add_routes(app: FastAPI, assistant: Assistant) -> None:
    """Add the routes to the application."""
    library = assistant.library

    @app.exception_handler(FootnoteError)
    def explain(_request: Request, error: FootnoteError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, _status_of(error))

    @app.get("/health")
    def health(request: Request) -> dict[str, Any]:
        seen = documents_for(library, visitor(request))
        return {
            "status": "ok",
            "documents": len(seen),
            "passages": sum(document.n_passages for document in seen),
            "model": assistant.model,
        }

    @app.get("/documents")
    def documents(request: Request) -> list[dict[str, Any]]:
        return [document.to_dict() for document in documents_for(library, visitor(request))]

    @app.get("/documents/{document_id}/passage", response_class=HTMLResponse)
    def passage(
        request: Request,
        document_id: str,
        start: Annotated[int, Query(ge=0)] = 0,
        end: Annotated[int, Query(ge=0)] = 0,
        passage: str | None = None,
        first: Annotated[int | None, Query(alias="from", ge=0)] = None,
        last: Annotated[int | None, Query(alias="to", ge=0)] = None,
    ) -> str:
        document = document_for(library, document_id, visitor(request))
        text = library.text(document_id)
        if not start <= end <= len(text):
            raise UsageError(f"{start}..{end} is not a span of '{document.title}': ask again, it has changed")
        found = library.catalog.passages([passage] if passage else []).get(passage or "")
        if found is not None and found.document_id != document_id:
            found = None
        return render_document(
            document,
            text,
            library.catalog.pages([document_id]).get(document_id, ()),
            (start, end),
            passage=(found.start, found.end) if found else None,
            headings=found.headings if found else (),
            window=(first, last) if first is not None and last is not None else None,
        )


_STATUSES = {
    DocumentNotFound: 404,
    CollectionNotFound: 404,
    UploadNotFound: 404,
    LibraryMissing: 404,
    LimitExceeded: 413,
    UnknownFormat: 415,
}


def _status_of(error: FootnoteError) -> int:
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return status
    if isinstance(error, UsageError):
        return 422
    return 503 if isinstance(error, LibraryInUse) or error.retryable else 500
